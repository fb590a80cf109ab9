//! The OpenAPI document and a page to browse it, and what the AI engines' protocol says of itself; all without any other
//! server.

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use std::sync::LazyLock;
use utoipa::{
    OpenApi,
    openapi::{
        ComponentsBuilder, InfoBuilder, OpenApi as Document, OpenApiBuilder, SecurityRequirement,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use watchwall_api::{
    LiveClientMessage, LiveHello, LiveServerMessage, NotifyClientMessage, NotifyServerMessage, PlaybackClientMessage,
    PlaybackGroupClientMessage, PlaybackGroupServerMessage, PlaybackServerMessage, ProblemDetails,
};

/// Messages of the sockets: no operation refers to them, so they are named here.
#[derive(OpenApi)]
#[openapi(components(schemas(
    LiveServerMessage,
    LiveHello,
    LiveClientMessage,
    PlaybackServerMessage,
    PlaybackClientMessage,
    PlaybackGroupServerMessage,
    PlaybackGroupClientMessage,
    NotifyServerMessage,
    NotifyClientMessage,
    ProblemDetails
)))]
struct SocketMessages;

/// What the document says besides its routes.
pub fn frame() -> Document {
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("watchwall_{port}")));
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components =
        ComponentsBuilder::new().security_scheme("cookie", cookie).security_scheme("bearer", bearer).build();
    let any_of =
        [SecurityRequirement::new::<_, _, &str>("cookie", []), SecurityRequirement::new::<_, _, &str>("bearer", [])];
    let info = InfoBuilder::new()
        .title("Watchwall")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "HTTP and WebSocket API of a Watchwall site. Errors are RFC 9457 problem details with a code of the \
             catalogue. Times are UTC milliseconds. `x-need` names the right an operation asks for.",
        ))
        .build();
    let mut document = OpenApiBuilder::new().info(info).components(Some(components)).security(Some(any_of)).build();
    document.merge(SocketMessages::openapi());
    document
}

static JSON: LazyLock<String> = LazyLock::new(|| super::openapi().to_json().unwrap_or_default());

static ENGINE_SCHEMA: LazyLock<String> = LazyLock::new(|| watchwall_engine_protocol::json_schema().to_string());
static ENGINE_ASYNCAPI: LazyLock<String> = LazyLock::new(|| watchwall_engine_protocol::asyncapi().to_string());

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "site", operation_id = "openapi", responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub async fn document() -> Response {
    json(&JSON)
}

/// JSON Schema of what AI nodes and the site say to each other on `/ws/ai-engine`.
#[utoipa::path(get, path = "/api/ai-engine.schema.json", tag = "site", operation_id = "ai_engine_schema", responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub async fn engine_schema() -> Response {
    json(&ENGINE_SCHEMA)
}

/// AsyncAPI document of `/ws/ai-engine`.
#[utoipa::path(get, path = "/api/ai-engine.asyncapi.json", tag = "site", operation_id = "ai_engine_asyncapi", responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
pub async fn engine_asyncapi() -> Response {
    json(&ENGINE_ASYNCAPI)
}

/// A page that shows the document. It needs no other server and no script.
#[utoipa::path(get, path = "/api/docs", tag = "site", operation_id = "docs", responses((status = 200, content_type = "text/html", body = String)))]
pub async fn page() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| crate::docs_page::render(&JSON));
    ([(header::CACHE_CONTROL, "no-cache")], Html(PAGE.as_str())).into_response()
}

fn json(document: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], document).into_response()
}
