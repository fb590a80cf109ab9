//! The channel as AsyncAPI 3.0, as the site sees it: it receives what nodes say and sends what it says.

use super::{
    MessageSchema, Speaker, definitions,
    examples::{self, Example},
    kind::NAMED,
    messages,
};
use crate::{MOST_MESSAGE_BYTES, NodeRegister, PROTOCOL};
use serde_json::{Map, Value, json};

const CHANNEL: &str = "#/channels/aiEngine";
const SCHEMAS: &str = "#/components/schemas/";

/// The document. Schemas are those of [`super::json_schema`].
pub fn asyncapi() -> Value {
    let (messages, examples) = (messages(), examples::all());
    let named: Map<String, Value> =
        messages.iter().map(|message| (message.name.to_owned(), described(message, &examples))).collect();
    let in_channel: Map<String, Value> = messages
        .iter()
        .map(|message| (message.name.to_owned(), json!({"$ref": format!("#/components/messages/{}", message.name)})))
        .collect();
    let mut schemas = Value::Object(definitions());
    point_to_components(&mut schemas);
    json!({
        "asyncapi": "3.0.0",
        "id": format!("urn:watchwall:ai-engine:{PROTOCOL}"),
        "x-generated": "by `make gen`; do not edit",
        "info": {
            "title": "Watchwall AI engine protocol",
            "version": PROTOCOL.to_string(),
            "description": "What AI nodes and a Watchwall site say to each other. This document describes the site: it \
                receives what a node says and sends what the node is to do. A node connects out to the site.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "plain": server("ws", "8080", "A site as it is installed."),
            "encrypted": server("wss", "8443", "A site with TLS."),
        },
        "channels": {"aiEngine": {
            "address": "/ws/ai-engine",
            "title": "One node",
            "description": format!(
                "JSON texts with a type, at most {MOST_MESSAGE_BYTES} bytes each. The site pings every 15 s and closes what is \
                silent for 45 s. Closed with 4401: the token is wrong. Closed with 4409: the node came again, was switched off \
                or does not read what it is told."
            ),
            "messages": in_channel,
            "bindings": {"ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"token": {
                    "type": "string", "description": "The node's token, for nodes that cannot set the header.",
                }}},
                "headers": {"type": "object", "properties": {"Authorization": {
                    "type": "string", "description": "Bearer, a blank, and the node's token.",
                }}},
                "bindingVersion": "0.1.0",
            }},
        }},
        "operations": operations(&messages),
        "components": {
            "messages": named,
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The token that the site showed once when the \
                    node was made."},
                "token": {"type": "httpApiKey", "name": "token", "in": "query", "description": "The same token."},
            },
        },
    })
}

fn server(protocol: &str, port: &str, description: &str) -> Value {
    json!({
        "host": "{host}:{port}",
        "protocol": protocol,
        "description": description,
        "variables": {
            "host": {"default": "127.0.0.1", "description": "The site's machine."},
            "port": {"default": port, "description": "The port of its pages."},
        },
        "security": [{"$ref": "#/components/securitySchemes/bearer"}, {"$ref": "#/components/securitySchemes/token"}],
    })
}

fn described(message: &MessageSchema, examples: &[Example]) -> Value {
    let of_it = examples.iter().filter(|example| example.kind() == message.kind);
    let of_it: Vec<Value> = of_it.map(|example| json!({"name": example.name, "payload": example.message})).collect();
    json!({
        "name": message.kind,
        "title": message.kind,
        "summary": message.schema.get("description"),
        "contentType": "application/json",
        "payload": {"$ref": format!("{SCHEMAS}{}", message.name)},
        "examples": of_it,
    })
}

fn operations(messages: &[MessageSchema]) -> Map<String, Value> {
    let reference = |name: &str| json!({"$ref": format!("{CHANNEL}/messages/{name}")});
    let operation = |message: &MessageSchema| {
        let (name, action) = match message.speaker {
            Speaker::Node => (format!("receive{}", message.name), "receive"),
            Speaker::Site => (format!("send{}", message.name), "send"),
        };
        let mut operation = json!({
            "action": action,
            "channel": {"$ref": CHANNEL},
            "summary": message.schema.get("description"),
            "messages": [reference(message.name)],
        });
        let answers: &[&str] = match message.kind {
            NodeRegister::TYPE => &["Registered", "Error"],
            "START_TASK" => &["TaskKeepalive", "TaskStatus", "NodeHeartbeat", "AiResult"],
            _ => &[],
        };
        if !answers.is_empty() {
            let answers: Vec<Value> = answers.iter().map(|name| reference(name)).collect();
            operation["reply"] = json!({"channel": {"$ref": CHANNEL}, "messages": answers});
        }
        (name, operation)
    };
    messages.iter().map(operation).collect()
}

/// Schemas refer to each other where this document has them.
fn point_to_components(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().and_then(|to| to.strip_prefix(NAMED)) {
                    Some(name) if key == "$ref" => *value = format!("{SCHEMAS}{name}").into(),
                    _ => point_to_components(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(point_to_components),
        _ => {}
    }
}
