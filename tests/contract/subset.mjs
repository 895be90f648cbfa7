// Cuts the calls that groundplan makes out of a forge's own description, below the prefix that is asked for.
// usage: node subset.mjs github|forgejo DESCRIPTION OUTPUT
import { readFileSync, writeFileSync } from "node:fs";

const [kind, from, to] = process.argv.slice(2);
const description = JSON.parse(readFileSync(from, "utf8"));
const paths = description.paths;
const pick = (path, ...methods) => {
  const parameters = paths[path].parameters;
  const picked = Object.fromEntries(methods.map((method) => [method, paths[path][method]]));
  return parameters ? { parameters, ...picked } : picked;
};

let wanted;
if (kind === "github") {
  // Its redirects lead to /repositories/{id}, which the description does not name: the same document, by number.
  const byNumber = structuredClone(pick("/repos/{owner}/{repo}", "get", "patch", "delete"));
  const id = { name: "id", in: "path", required: true, schema: { type: "integer" } };
  for (const operation of Object.values(byNumber)) {
    operation.parameters = [id, ...operation.parameters.filter(({ name }) => !["owner", "repo"].includes(name))];
  }
  wanted = {
    "/repositories/{id}": byNumber,
    "/user": pick("/user", "get"),
    "/user/orgs": pick("/user/orgs", "get"),
    "/user/repos": pick("/user/repos", "post"),
    "/user/memberships/orgs/{org}": pick("/user/memberships/orgs/{org}", "get"),
    "/users/{username}": pick("/users/{username}", "get"),
    "/orgs/{org}": pick("/orgs/{org}", "get"),
    "/orgs/{org}/repos": pick("/orgs/{org}/repos", "post"),
    "/repos/{owner}/{repo}": pick("/repos/{owner}/{repo}", "get"),
    "/repos/{owner}/{repo}/branches": pick("/repos/{owner}/{repo}/branches", "get"),
    "/repos/{owner}/{repo}/tags": pick("/repos/{owner}/{repo}/tags", "get"),
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": pick("/repos/{owner}/{repo}/git/commits/{commit_sha}", "get"),
    "/repos/{owner}/{repo}/labels": pick("/repos/{owner}/{repo}/labels", "get", "post"),
    "/repos/{owner}/{repo}/labels/{name}": pick("/repos/{owner}/{repo}/labels/{name}", "patch"),
    "/repos/{owner}/{repo}/collaborators/{username}": pick("/repos/{owner}/{repo}/collaborators/{username}", "put"),
    "/repos/{owner}/{repo}/collaborators/{username}/permission": pick("/repos/{owner}/{repo}/collaborators/{username}/permission", "get"),
    "/repos/{owner}/{repo}/invitations": pick("/repos/{owner}/{repo}/invitations", "get"),
    "/repos/{owner}/{repo}/branches/{branch}/protection": pick("/repos/{owner}/{repo}/branches/{branch}/protection", "get", "put"),
    "/repos/{owner}/{repo}/issues": pick("/repos/{owner}/{repo}/issues", "get", "post"),
    "/repos/{owner}/{repo}/contents/{path}": pick("/repos/{owner}/{repo}/contents/{path}", "get", "put"),
    // The name of a reference has a slash, which Prism does not expect in a parameter.
    "/repos/{owner}/{repo}/git/ref/heads/{ref}": pick("/repos/{owner}/{repo}/git/ref/{ref}", "get"),
    "/repos/{owner}/{repo}/git/refs/heads/{ref}": pick("/repos/{owner}/{repo}/git/refs/{ref}", "delete"),
    "/repos/{owner}/{repo}/git/refs": pick("/repos/{owner}/{repo}/git/refs", "post"),
    "/repos/{owner}/{repo}/pulls": pick("/repos/{owner}/{repo}/pulls", "get", "post"),
    "/repos/{owner}/{repo}/pulls/{pull_number}": pick("/repos/{owner}/{repo}/pulls/{pull_number}", "patch"),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": pick("/repos/{owner}/{repo}/issues/{issue_number}/comments", "post"),
    "/rate_limit": pick("/rate_limit", "get"),
  };
} else {
  // The description has no examples, and a name of the type's own ("string") is no `owner/name`.
  const repository = description.definitions.Repository.properties;
  repository.id.example = 1;
  repository.full_name.example = "acme/web";
  repository.created_at.example = "2026-11-21T12:00:00Z";
  for (const commit of ["PayloadCommit", "CommitMeta"]) {
    const { id, sha } = description.definitions[commit].properties;
    (id ?? sha).example = "1".repeat(40);
  }
  wanted = {
    "/user": pick("/user", "get"),
    "/user/orgs": pick("/user/orgs", "get"),
    "/user/repos": pick("/user/repos", "post"),
    "/users/{username}": pick("/users/{username}", "get"),
    "/users/{username}/orgs/{org}/permissions": pick("/users/{username}/orgs/{org}/permissions", "get"),
    "/orgs/{org}": pick("/orgs/{org}", "get"),
    "/orgs/{org}/repos": pick("/orgs/{org}/repos", "post"),
    "/repositories/{id}": pick("/repositories/{id}", "get"),
    "/repos/{owner}/{repo}": pick("/repos/{owner}/{repo}", "get", "patch", "delete"),
    "/repos/{owner}/{repo}/branches": pick("/repos/{owner}/{repo}/branches", "get"),
    "/repos/{owner}/{repo}/tags": pick("/repos/{owner}/{repo}/tags", "get"),
    "/repos/{owner}/{repo}/git/commits/{sha}": pick("/repos/{owner}/{repo}/git/commits/{sha}", "get"),
    "/repos/{owner}/{repo}/labels": pick("/repos/{owner}/{repo}/labels", "get", "post"),
    "/repos/{owner}/{repo}/labels/{id}": pick("/repos/{owner}/{repo}/labels/{id}", "patch"),
    "/repos/{owner}/{repo}/collaborators/{collaborator}": pick("/repos/{owner}/{repo}/collaborators/{collaborator}", "put"),
    "/repos/{owner}/{repo}/collaborators/{collaborator}/permission": pick("/repos/{owner}/{repo}/collaborators/{collaborator}/permission", "get"),
    "/repos/{owner}/{repo}/branch_protections": pick("/repos/{owner}/{repo}/branch_protections", "post"),
    "/repos/{owner}/{repo}/branch_protections/{name}": pick("/repos/{owner}/{repo}/branch_protections/{name}", "get", "patch"),
    "/repos/{owner}/{repo}/issues": pick("/repos/{owner}/{repo}/issues", "get", "post"),
    "/repos/{owner}/{repo}/contents/{filepath}": pick("/repos/{owner}/{repo}/contents/{filepath}", "get", "post"),
    "/repos/{owner}/{repo}/pulls": pick("/repos/{owner}/{repo}/pulls", "get", "post"),
    "/repos/{owner}/{repo}/pulls/{index}": pick("/repos/{owner}/{repo}/pulls/{index}", "patch"),
    "/repos/{owner}/{repo}/issues/{index}/comments": pick("/repos/{owner}/{repo}/issues/{index}/comments", "post"),
    "/repos/{owner}/{repo}/branches/{branch}": pick("/repos/{owner}/{repo}/branches/{branch}", "delete"),
  };
}
// The forges' own examples break the rules of their own answers; only requests are judged here.
const withoutRules = (node) => {
  if (node === null || typeof node !== "object") return;
  if (typeof node.format === "string") delete node.format;
  if (Array.isArray(node.required)) delete node.required;
  Object.values(node).forEach(withoutRules);
};
for (const operation of Object.values(wanted).flatMap((item) => Object.values(item))) {
  for (const response of Object.values(operation.responses ?? {})) {
    for (const content of Object.values(response.content ?? {})) {
      if (content.examples) content.schema = {};
    }
  }
}
for (const [name, definition] of Object.entries(description.definitions ?? {})) {
  if (!name.endsWith("Option")) withoutRules(definition);
}
const prefix = kind === "github" ? "/api/v3" : "/api/v1";
description.paths = Object.fromEntries(Object.entries(wanted).map(([path, item]) => [prefix + path, item]));
delete description.webhooks;
delete description["x-webhooks"];
delete description.basePath;
if (description.servers) description.servers = [{ url: "/" }];
writeFileSync(to, JSON.stringify(description));
