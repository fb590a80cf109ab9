//! Which node runs which scene. Pure.

use watchwall_engine_protocol::Load;
use watchwall_model::{DispatchMode, NodeId, SceneCode};

/// A node that is connected.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeStanding {
    pub id: NodeId,
    pub algorithms: Vec<SceneCode>,
    /// Scenes it runs, and at most runs.
    pub active: u32,
    pub max_tasks: u32,
    pub load: Load,
}

impl NodeStanding {
    pub const fn is_overloaded(&self) -> bool {
        self.active >= self.max_tasks
    }

    fn can(&self, scene: &SceneCode) -> bool {
        self.algorithms.contains(scene)
    }

    /// Least first: what it runs, then what it says of itself; the number decides the rest, so that the same question has
    /// the same answer.
    fn order(&self) -> (u32, u32, u32, NodeId) {
        let permille = |share: f32| (share * 1_000.0) as u32;
        (self.active, permille(self.load.gpu), permille(self.load.cpu), self.id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub scene: SceneCode,
    pub node: NodeId,
}

/// Why a task's scenes went to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undispatched {
    /// The node that was named is not connected.
    NodeAway { node: NodeId },
    /// The node that was named cannot do these.
    NodeCannot { node: NodeId, scenes: Vec<SceneCode> },
    /// Every node that could has as much to do as it may.
    Overloaded { scenes: Vec<SceneCode> },
    /// No connected node can do these, or not all of them together.
    NobodyCan { scenes: Vec<SceneCode> },
}

/// All scenes or none.
///
/// # Errors
/// [`Undispatched`].
pub fn assign(
    mode: &DispatchMode,
    scenes: &[SceneCode],
    nodes: &[NodeStanding],
) -> Result<Vec<Assignment>, Undispatched> {
    match mode {
        DispatchMode::Fixed { node } => fixed(*node, scenes, nodes),
        DispatchMode::Single => single(scenes, nodes),
        DispatchMode::Split => split(scenes, nodes),
        DispatchMode::Mixed => single(scenes, nodes).or_else(|_| split(scenes, nodes)),
    }
}

fn fixed(id: NodeId, scenes: &[SceneCode], nodes: &[NodeStanding]) -> Result<Vec<Assignment>, Undispatched> {
    let node = nodes.iter().find(|node| node.id == id).ok_or(Undispatched::NodeAway { node: id })?;
    let missing: Vec<SceneCode> = scenes.iter().filter(|scene| !node.can(scene)).cloned().collect();
    if !missing.is_empty() {
        return Err(Undispatched::NodeCannot { node: id, scenes: missing });
    }
    if node.is_overloaded() {
        return Err(Undispatched::Overloaded { scenes: scenes.to_vec() });
    }
    Ok(all_to(node, scenes))
}

fn single(scenes: &[SceneCode], nodes: &[NodeStanding]) -> Result<Vec<Assignment>, Undispatched> {
    let able: Vec<&NodeStanding> = nodes.iter().filter(|node| scenes.iter().all(|scene| node.can(scene))).collect();
    let free = able.iter().filter(|node| !node.is_overloaded()).min_by_key(|node| node.order());
    match free {
        Some(node) => Ok(all_to(node, scenes)),
        None if able.is_empty() => Err(Undispatched::NobodyCan { scenes: scenes.to_vec() }),
        None => Err(Undispatched::Overloaded { scenes: scenes.to_vec() }),
    }
}

fn split(scenes: &[SceneCode], nodes: &[NodeStanding]) -> Result<Vec<Assignment>, Undispatched> {
    // What is handed out here counts for what is handed out next.
    let mut nodes = nodes.to_vec();
    let mut assignments = Vec::with_capacity(scenes.len());
    let (mut nobody, mut overloaded) = (Vec::new(), Vec::new());
    // Those that few can do come first, before their nodes have enough to do.
    let mut rarest_first: Vec<&SceneCode> = scenes.iter().collect();
    rarest_first.sort_by_key(|scene| nodes.iter().filter(|node| node.can(scene)).count());
    for scene in rarest_first {
        let is_possible = nodes.iter().any(|node| node.can(scene));
        let free = nodes.iter_mut().filter(|node| node.can(scene) && !node.is_overloaded());
        match free.min_by_key(|node| node.order()) {
            Some(node) => {
                node.active += 1;
                assignments.push(Assignment { scene: scene.clone(), node: node.id });
            }
            None if is_possible => overloaded.push(scene.clone()),
            None => nobody.push(scene.clone()),
        }
    }
    match (nobody.is_empty(), overloaded.is_empty()) {
        (true, true) => {
            assignments.sort_by_key(|one| scenes.iter().position(|scene| *scene == one.scene));
            Ok(assignments)
        }
        (false, _) => Err(Undispatched::NobodyCan { scenes: nobody }),
        (true, false) => Err(Undispatched::Overloaded { scenes: overloaded }),
    }
}

fn all_to(node: &NodeStanding, scenes: &[SceneCode]) -> Vec<Assignment> {
    scenes.iter().map(|scene| Assignment { scene: scene.clone(), node: node.id }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(code: &str) -> SceneCode {
        SceneCode::parse(code).unwrap()
    }

    /// Nodes are letters here.
    fn number(name: &str) -> NodeId {
        NodeId(i64::from(name.as_bytes()[0]))
    }

    fn letter(node: NodeId) -> char {
        char::from(node.0 as u8)
    }

    fn node(id: &str, active: u32, max_tasks: u32, codes: &str, gpu: f32) -> NodeStanding {
        let load = Load { gpu, ..Load::default() };
        NodeStanding { id: number(id), algorithms: codes.split(' ').map(scene).collect(), active, max_tasks, load }
    }

    fn check(mode: &DispatchMode, scenes: &str, nodes: &[NodeStanding], expect: &str) {
        let scenes: Vec<SceneCode> = scenes.split(' ').map(scene).collect();
        let list = |scenes: &[SceneCode]| scenes.iter().map(SceneCode::as_str).collect::<Vec<_>>().join(" ");
        let answer = match assign(mode, &scenes, nodes) {
            Ok(all) => {
                all.iter().map(|one| format!("{}={}", one.scene, letter(one.node))).collect::<Vec<_>>().join(" ")
            }
            Err(Undispatched::NodeAway { node }) => format!("away {}", letter(node)),
            Err(Undispatched::NodeCannot { node, scenes }) => format!("{} cannot {}", letter(node), list(&scenes)),
            Err(Undispatched::Overloaded { scenes }) => format!("overloaded {}", list(&scenes)),
            Err(Undispatched::NobodyCan { scenes }) => format!("nobody {}", list(&scenes)),
        };
        assert_eq!(answer, expect, "{mode:?} {scenes:?}");
    }

    #[test]
    fn a_fixed_node_runs_all_or_says_why_not() {
        let fixed = |node: &str| DispatchMode::Fixed { node: number(node) };
        let nodes = [node("a", 0, 2, "M T", 0.0), node("b", 2, 2, "M", 0.0)];
        check(&fixed("a"), "M T", &nodes, "M=a T=a");
        check(&fixed("b"), "M", &nodes, "overloaded M");
        check(&fixed("b"), "M T X", &nodes, "b cannot T X");
        check(&fixed("c"), "M", &nodes, "away c");
    }

    #[test]
    fn one_node_runs_all_when_it_is_to() {
        let nodes = [node("a", 3, 9, "M T", 0.0), node("b", 1, 9, "M T", 0.9), node("c", 0, 9, "M", 0.0)];
        check(&DispatchMode::Single, "M T", &nodes, "M=b T=b");
        check(&DispatchMode::Single, "M", &nodes, "M=c");
        check(&DispatchMode::Single, "M X", &nodes, "nobody M X");
        check(&DispatchMode::Single, "M", &[node("a", 5, 5, "M", 0.0)], "overloaded M");
        check(&DispatchMode::Single, "M", &[], "nobody M");
    }

    #[test]
    fn scenes_are_split_by_what_each_node_has_to_do() {
        let nodes = [node("a", 0, 9, "M T L", 0.5), node("b", 0, 9, "M L", 0.1)];
        check(&DispatchMode::Split, "M T L", &nodes, "M=b T=a L=b");
        // Each in the place it was asked in.
        let nodes = [node("a", 1, 2, "M T", 0.0), node("b", 1, 2, "M", 0.0)];
        check(&DispatchMode::Split, "M T", &nodes, "M=b T=a");
        check(&DispatchMode::Split, "M T M2", &nodes, "nobody M2");
        check(&DispatchMode::Split, "T", &[node("a", 2, 2, "M T", 0.0), node("b", 1, 2, "M", 0.0)], "overloaded T");
        check(&DispatchMode::Split, "M X", &nodes, "nobody X");
    }

    #[test]
    fn mixed_prefers_one_node_and_takes_several() {
        let nodes = [node("a", 0, 9, "M", 0.0), node("b", 5, 9, "M T", 0.0)];
        check(&DispatchMode::Mixed, "M T", &nodes, "M=b T=b");
        let nodes = [node("a", 0, 9, "M", 0.0), node("b", 5, 5, "M T", 0.0), node("c", 1, 9, "T", 0.0)];
        check(&DispatchMode::Mixed, "M T", &nodes, "M=a T=c");
        check(&DispatchMode::Mixed, "M T X", &nodes, "nobody X");
    }
}
