//! The browsable page of the API: plain HTML made from the OpenAPI document, without script.

use serde_json::{Map, Value};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#ddd;background:#14171a}a{color:#7cc4ff}h2{margin-top:2.5rem;border-bottom:1px solid #333}\
details{margin:.4rem 0;border:1px solid #2b3036;border-radius:4px;padding:.3rem .7rem}summary{cursor:pointer}\
code,pre{font-family:ui-monospace,monospace;font-size:13px}pre{overflow:auto;background:#0d0f11;padding:.6rem}\
.m{display:inline-block;min-width:4.2rem;font-weight:600}.n{color:#9aa4ad;float:right}";

/// `json` is the document. A document that cannot be read becomes a page that says so.
pub fn render(json: &str) -> String {
    let Ok(document) = serde_json::from_str::<Value>(json) else { return "the document cannot be read".to_owned() };
    let mut out = String::new();
    let title = text(&document["info"]["title"]);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} API</title><style>{STYLE}</style></head>\
         <body><h1>{title} API {}</h1><p>{}</p><p><a href=\"/api/openapi.json\">openapi.json</a> \
         <a href=\"/api/ai-engine.schema.json\">ai-engine.schema.json</a> \
         <a href=\"/api/ai-engine.asyncapi.json\">ai-engine.asyncapi.json</a></p>",
        text(&document["info"]["version"]),
        text(&document["info"]["description"])
    );
    for (tag, operations) in by_tag(&document) {
        let _ = write!(out, "<h2 id=\"{0}\">{0}</h2>", escape(&tag));
        for (method, path, operation) in operations {
            operation_html(&mut out, &method, &path, operation);
        }
    }
    out.push_str("<h2 id=\"types\">types</h2>");
    if let Some(schemas) = document["components"]["schemas"].as_object() {
        for (name, schema) in schemas {
            let _ = write!(
                out,
                "<details id=\"{0}\"><summary><code>{0}</code></summary>{1}</details>",
                escape(name),
                pretty(schema)
            );
        }
    }
    out.push_str("</body></html>");
    out
}

type Operations<'a> = Vec<(String, String, &'a Map<String, Value>)>;

fn by_tag(document: &Value) -> Vec<(String, Operations<'_>)> {
    let mut tags: Vec<(String, Operations<'_>)> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(operation) = operation.as_object() else { continue };
            let tag = operation.get("tags").and_then(|tags| tags[0].as_str()).unwrap_or("other").to_owned();
            let entry = (method.to_uppercase(), path.clone(), operation);
            match tags.iter_mut().find(|(name, _)| *name == tag) {
                Some((_, list)) => list.push(entry),
                None => tags.push((tag, vec![entry])),
            }
        }
    }
    tags
}

fn operation_html(out: &mut String, method: &str, path: &str, operation: &Map<String, Value>) {
    let field = |name: &str| operation.get(name).map(text).unwrap_or_default();
    let _ = write!(
        out,
        "<details><summary><span class=\"m\">{}</span><code>{}</code><span class=\"n\">{}</span></summary><p>{}</p><p>{}</p>",
        escape(method),
        escape(path),
        field("x-need"),
        field("summary"),
        field("description")
    );
    for (heading, key) in [("Parameters", "parameters"), ("Request", "requestBody"), ("Answers", "responses")] {
        if let Some(value) = operation.get(key) {
            let _ = write!(out, "<h4>{heading}</h4>{}", pretty(value));
        }
    }
    out.push_str("</details>");
}

/// JSON with its references as links.
fn pretty(value: &Value) -> String {
    let json = escape(&serde_json::to_string_pretty(value).unwrap_or_default());
    let mut out = String::from("<pre>");
    let mut rest = json.as_str();
    while let Some((before, after)) = rest.split_once("#/components/schemas/") {
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let _ = write!(out, "{before}<a href=\"#{name}\">{name}</a>");
        rest = &after[name.len()..];
    }
    out.push_str(rest);
    out.push_str("</pre>");
    out
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_path_and_no_script() {
        let json = crate::openapi().to_json().unwrap();
        let page = render(&json);
        let document: Value = serde_json::from_str(&json).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        assert!(!page.contains("<script") && page.contains("href=\"#CameraView\""));
    }
}
