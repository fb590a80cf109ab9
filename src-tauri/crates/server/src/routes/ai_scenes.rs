//! What engines can look for.

use super::answer::{cut, page_request};
use crate::{app::App, error::ApiError, extract::Query};
use axum::{Json, extract::State};
use std::collections::BTreeMap;
use watchwall_api::{AiSceneType, BothLanguages, PageOf, PageQuery, ProblemDetails};
use watchwall_site::{
    analytics::scenes::{CATALOGUE, Needs},
    language::Language,
};

/// Those the product knows, and those that nodes which are connected announce.
#[utoipa::path(get, path = "/api/v1/ai-scenes", tag = "analytics", operation_id = "list_ai_scenes", params(PageQuery),
    responses((status = 200, body = PageOf<AiSceneType>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<AiSceneType>>, ApiError> {
    let picture = app.site.analytics.picture();
    let mut announced: BTreeMap<String, u32> = BTreeMap::new();
    for node in app.site.store.ai_nodes().all().await?.iter().filter(|node| picture.nodes.contains_key(&node.id)) {
        for code in &node.facts.algorithms {
            *announced.entry(code.to_string()).or_default() += 1;
        }
    }
    let mut scenes: Vec<AiSceneType> = CATALOGUE
        .iter()
        .map(|scene| AiSceneType {
            code: scene.code.to_owned(),
            category: Some(scene.category.as_str().to_owned()),
            name: name(scene.code),
            needs: scene.needs.as_str().to_owned(),
            problems: scene.problems.iter().map(|problem| (*problem).to_owned()).collect(),
            nodes: announced.remove(scene.code).unwrap_or(0),
        })
        .collect();
    scenes.extend(announced.into_iter().map(|(code, nodes)| AiSceneType {
        name: name(&code),
        category: None,
        // Nobody knows what an unlisted one makes of a region; it may be given one.
        needs: Needs::Region.as_str().to_owned(),
        problems: Vec::new(),
        code,
        nodes,
    }));
    Ok(Json(cut(scenes, &page_request(query, &["code"])?, |scene| scene.code.clone(), |scene| scene)?))
}

fn name(code: &str) -> BothLanguages {
    let of =
        |language: Language| language.find(&format!("scene.{code}")).map_or_else(|| code.to_owned(), str::to_owned);
    BothLanguages { en: of(Language::English), zh_cn: of(Language::Chinese) }
}
