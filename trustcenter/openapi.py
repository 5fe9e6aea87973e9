"""The OpenAPI document: drf-spectacular describes the API, and this adds the doors it cannot see (AuthZEN)."""

from typing import Any

import msgspec
import yaml
from drf_spectacular.generators import SchemaGenerator

from trustcenter.questions import BATCH_MOST, SEARCH_MOST, ActionSearch, Batch, ResourceSearch, Single, SubjectSearch

PROBLEM = "application/problem+json"
_SCHEMAS = "#/components/schemas/"
_DECISION: dict[str, Any] = yaml.safe_load("""
type: object
required: [decision]
properties:
  decision: {type: boolean}
  context:
    type: object
    description: A third party that is refused gets `not_permitted` and no more.
    properties:
      id: {type: string, format: uuid, description: The entry of this answer in the log.}
      reason: {type: string, description: A stable code.}
      reason_user: {type: string, description: "One sentence, in the language of Accept-Language."}
      categories:
        type: object
        properties:
          allowed: {type: array, items: {type: string}}
          refused: {type: array, items: {type: string}}
      legal_basis: {type: string}
      purpose_version: {type: integer}
      valid_until: {type: string, format: date-time, description: "The end of the permission; no licence to keep it."}
      enforced:
        type: boolean
        description: false while the recipient only observes. It goes on as before, whatever the decision.
      token: {type: string, description: For `at_least` of a later check.}
      error:
        type: object
        description: This item of a batch could not be asked.
        properties:
          status: {type: integer}
          message: {type: string}
""")
_DECISIONS = {
    "type": "object",
    "properties": {"evaluations": {"type": "array", "items": {"$ref": f"{_SCHEMAS}Decision"}}},
    "required": ["evaluations"],
}
_CONFIGURATION = {
    "type": "object",
    "properties": {
        name: {"type": "string", "format": "uri"}
        for name in (
            *("policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint"),
            *("search_subject_endpoint", "search_resource_endpoint", "search_action_endpoint"),
        )
    },
}
# What a search is for, the struct that reads it, and what one result looks like.
_SEARCHES = {
    "subject": ("Who may use this customer's data?", SubjectSearch, ("type", "id")),
    "resource": ("Whose data may we use?", ResourceSearch, ("type", "id")),
    "action": ("What may we use this customer's data for?", ActionSearch, ("name",)),
}


def document() -> dict[str, Any]:
    """The whole document, made anew from the code."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def text() -> str:
    """The document as YAML, as /api/openapi.yaml gives it."""
    return yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)


def add_checks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """drf-spectacular's hook: the checks of AuthZEN, from the structs that read them."""
    read = [Single, Batch, *(struct for _, struct, _ in _SEARCHES.values())]
    _, components = msgspec.json.schema_components(read, ref_template=_SCHEMAS + "{name}")
    components["PageWanted"]["properties"]["limit"] |= {"minimum": 1, "maximum": SEARCH_MOST}
    components["Batch"]["properties"]["evaluations"] = {
        "type": "array",
        "maxItems": BATCH_MOST,
        "description": "Each item as the members at the top; what it leaves out comes from there.",
        "items": {"type": "object"},
    }
    renamed = {"Single": "Evaluation", "Batch": "Evaluations"}
    schemas = {renamed.get(name, f"Evaluation{name}"): body for name, body in components.items()}
    result["components"]["schemas"] |= _named(schemas, renamed) | {"Decision": _DECISION}
    one, many = {"$ref": f"{_SCHEMAS}Decision"}, {"anyOf": [_DECISIONS, {"$ref": f"{_SCHEMAS}Decision"}]}
    result["paths"] |= {
        "/access/v1/evaluation": {"post": _check("evaluation", "May I use this customer's data?", "Evaluation", one)},
        "/access/v1/evaluations": {"post": _check("evaluations", f"Up to {BATCH_MOST:,} checks", "Evaluations", many)},
        "/.well-known/authzen-configuration": {"get": _discovery()},
    }
    for name, (summary, struct, members) in _SEARCHES.items():
        body = f"Evaluation{struct.__name__}"
        asked = _check(f"search_{name}", summary, body, _found(members), scope="search")
        result["paths"][f"/access/v1/search/{name}"] = {"post": asked}
    return result


def _found(members: tuple[str, ...]) -> dict[str, Any]:
    row = {"type": "object", "properties": {member: {"type": "string"} for member in members}, "required": [*members]}
    page = {"type": "object", "properties": {"next_token": {"type": "string"}}, "required": ["next_token"]}
    return {
        "type": "object",
        "properties": {"results": {"type": "array", "items": row}, "page": page},
        "required": ["results", "page"],
    }


def _named(schemas: Any, renamed: dict[str, str]) -> Any:
    """The same schemas with their references renamed as they are."""
    if isinstance(schemas, dict):
        return {key: _named(value, renamed) for key, value in schemas.items()}
    if isinstance(schemas, list):
        return [_named(each, renamed) for each in schemas]
    if isinstance(schemas, str) and schemas.startswith(_SCHEMAS):
        name = schemas.removeprefix(_SCHEMAS)
        return _SCHEMAS + renamed.get(name, f"Evaluation{name}")
    return schemas


def _check(name: str, summary: str, body: str, answer: dict[str, Any], scope: str = "decide") -> dict[str, Any]:
    problem = {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}ProblemOutput"}}}
    return {
        "operationId": name,
        "tags": ["Check"],
        "summary": summary,
        "description": f"OpenID AuthZEN 1.0. A refusal is 200. Needs the scope `{scope}`.",
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _SCHEMAS + body}}},
        },
        "responses": {
            "200": {"description": "", "content": {"application/json": {"schema": answer}}},
            **{str(status): {"description": "", "content": problem} for status in (400, 401, 403, 413, 429)},
        },
    }


def _discovery() -> dict[str, Any]:
    answer = {"description": "", "content": {"application/json": {"schema": _CONFIGURATION}}}
    return {"operationId": "configuration", "tags": ["Check"], "summary": "Where to ask", "responses": {"200": answer}}
