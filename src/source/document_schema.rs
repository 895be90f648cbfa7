//! Validation of JSON documents by a schema that is a document itself.

use serde_json::Value;

/// The violations of a schema, one sentence each with the pointer of the value; none if the schema is not valid. No
/// reference out of the schema is followed.
pub fn violations(schema: &Value, document: &Value) -> Option<Vec<String>> {
    let options = jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .offline();
    let validator = options.build(schema).ok()?;
    let sentence = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
        "" => error.to_string(),
        pointer => format!("{pointer}: {error}"),
    };
    Some(validator.iter_errors(document).map(sentence).collect())
}
