//! Topics a device may send, and the analytics behind them.

use crate::{
    soap::{Gap, Login, Patience},
    tree::Node,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetEventProperties;

/// Topics without prefixes: `VideoSource/MotionAlarm`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventProperties {
    pub topics: Vec<String>,
}

operation! {
    GetEventProperties "GetEventProperties" of Events -> EventProperties {
        const PATIENCE: Patience = Patience::List;
    }
    read(self, answer) {
        let set = answer.child("TopicSet").ok_or(Gap("TopicSet"))?;
        let mut topics = Vec::new();
        collect(set, &mut String::new(), &mut topics);
        Ok(EventProperties { topics })
    }
}

fn collect(node: Node<'_>, path: &mut String, topics: &mut Vec<String>) {
    for child in node.elements().filter(|child| child.name() != "MessageDescription") {
        let length = path.len();
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(child.name());
        if child.flag_in("topic").unwrap_or(false) || child.child("MessageDescription").is_some() {
            topics.push(path.clone());
        }
        collect(child, path, topics);
        path.truncate(length);
    }
}

/// Detectors of one analytics configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetAnalyticsModules {
    pub configuration: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalyticsModule {
    pub name: String,
    /// Without prefix: `CellMotionEngine`.
    pub kind: String,
    /// Simple parameters.
    pub parameters: Vec<(String, String)>,
}

operation! {
    GetAnalyticsModules "GetAnalyticsModules" of Analytics -> Vec<AnalyticsModule> { const LOGIN: Login = Login::Needed; }
    write(self, body) { body.leaf("ConfigurationToken", &self.configuration); }
    read(self, answer) {
        let modules = answer.children("AnalyticsModule").filter_map(|node| {
            let kind = node.attribute("Type")?;
            let items = node.child("Parameters").into_iter().flat_map(|parameters| parameters.children("SimpleItem"));
            Some(AnalyticsModule {
                name: node.attribute("Name")?.to_owned(),
                kind: kind.rsplit(':').next().unwrap_or(kind).to_owned(),
                parameters: items
                    .filter_map(|item| Some((item.attribute("Name")?.to_owned(), item.attribute("Value")?.to_owned())))
                    .collect(),
            })
        });
        Ok(modules.collect())
    }
}
