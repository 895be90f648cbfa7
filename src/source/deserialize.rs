//! Deserialization of a syntax tree. A type gets exactly the forms of its JSON Schema: a struct is a mapping, which serde
//! otherwise also reads from a list, and a word of an enum is a text, which serde also reads from a mapping.

use super::node::{KeyValue, Node, NodeValue};
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;

/// A node as a source of values.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'d>(pub(super) &'d Node);

type Entries<'d> = std::iter::Map<
    std::slice::Iter<'d, KeyValue>,
    fn(&'d KeyValue) -> (&'d str, NodeDeserializer<'d>),
>;

impl<'d> NodeDeserializer<'d> {
    fn entries(entries: &'d [KeyValue]) -> MapDeserializer<'d, Entries<'d>, Error> {
        let pair: fn(&'d KeyValue) -> (&'d str, Self) =
            |entry| (entry.key.as_str(), Self(&entry.value));
        MapDeserializer::new(entries.iter().map(pair))
    }

    fn unexpected(self) -> Unexpected<'d> {
        match &self.0.value {
            NodeValue::Null => Unexpected::Unit,
            NodeValue::Bool(value) => Unexpected::Bool(*value),
            NodeValue::Number(_) => Unexpected::Other("number"),
            NodeValue::Text(text) => Unexpected::Str(text),
            NodeValue::List(_) => Unexpected::Seq,
            NodeValue::Map(_) => Unexpected::Map,
        }
    }
}

impl<'d> IntoDeserializer<'d, Error> for NodeDeserializer<'d> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            NodeValue::Null => visitor.visit_unit(),
            NodeValue::Bool(value) => visitor.visit_bool(*value),
            NodeValue::Number(number) => number.deserialize_any(visitor),
            NodeValue::Text(text) => visitor.visit_borrowed_str(text),
            NodeValue::List(nodes) => {
                let mut nodes = SeqDeserializer::new(nodes.iter().map(NodeDeserializer));
                let list = visitor.visit_seq(&mut nodes)?;
                nodes.end()?;
                Ok(list)
            }
            NodeValue::Map(entries) => {
                let mut entries = Self::entries(entries);
                let map = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(map)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            NodeValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            NodeValue::Map(_) => self.deserialize_any(visitor),
            _ => Err(Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            NodeValue::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => Err(Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}
