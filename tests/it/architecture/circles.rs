//! No import circle in the runner, and its rooms in one order.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, is_name, sources};

/// The rooms of the runner; each may import those before it. `flow` and `reason` are files of their own.
const ORDER: [&str; 6] = ["reason", "flow", "memory", "engine", "goals", "drive"];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The module that a file is: `runner::engine::work`, and `runner::engine` for its `mod.rs`.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs").replace('/', "::");
    path.strip_suffix("::mod").unwrap_or(&path).to_owned()
}

/// The full paths that a `use` names, groups taken apart.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(at) = tree.find('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let (before, group) = tree.split_at(at);
    let paths = super::members(group).into_iter().flat_map(|member| paths(&member));
    paths.map(|path| format!("{}{path}", before.trim())).collect()
}

/// The modules among these that a file imports.
fn imported(source: &Source, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let own = module(&source.path);
    let uses = source.words("use").filter(|(_, rest)| rest.starts_with(' '));
    let uses = uses.filter_map(|(_, rest)| rest.split(';').next());
    let absolute = |path: String| {
        let path: String = path.chars().filter(|symbol| is_name(*symbol) || *symbol == ':').collect();
        let mut parts: Vec<&str> = path.split("::").collect();
        let mut base: Vec<&str> = own.split("::").collect();
        match parts.first().copied() {
            Some("crate") => return parts.split_off(1).join("::"),
            Some("self") => {
                parts.remove(0);
            }
            Some("super") => {
                while parts.first() == Some(&"super") {
                    parts.remove(0);
                    base.pop();
                }
            }
            _ => {}
        }
        base.extend(parts);
        base.join("::")
    };
    let known = |path: String| {
        let mut path = path;
        while !modules.contains(&path) {
            path = path.rsplit_once("::")?.0.to_owned();
        }
        (path != own).then_some(path)
    };
    uses.flat_map(paths).map(absolute).filter_map(known).collect()
}

fn graph(sources: &[Source]) -> Graph {
    let of_runner = || sources.iter().filter(|source| source.room() == "runner");
    let modules: BTreeSet<String> = of_runner().map(|source| module(&source.path)).collect();
    of_runner().map(|source| (module(&source.path), imported(source, &modules))).collect()
}

/// A way from a module back to itself, if there is one. What a `mod.rs` hands on is no import of its own.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn walk(
        graph: &Graph,
        at: &str,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(begin) = way.iter().position(|passed| passed == at) {
            return Some(way[begin..].to_vec());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        way.push(at.to_owned());
        let found = graph.get(at).into_iter().flatten().find_map(|next| walk(graph, next, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| walk(graph, start, &mut Vec::new(), &mut done))
}

fn room_of(module: &str) -> Option<usize> {
    let room = module.split("::").nth(1)?;
    ORDER.iter().position(|name| *name == room)
}

fn against_the_order(graph: &Graph) -> Vec<String> {
    let later = |from: &str, to: &str| match (room_of(from), room_of(to)) {
        (Some(from), Some(to)) => to > from,
        _ => false,
    };
    let edges = graph.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    edges.filter(|(from, to)| later(from, to)).map(|(from, to)| format!("{from} imports {to}")).collect()
}

#[test]
fn the_runner_has_no_import_circle() {
    let graph = graph(&sources());
    assert!(graph.len() > 40, "{} files", graph.len());
    assert_eq!(circle(&graph), None);
}

#[test]
fn rooms_of_the_runner_import_those_before_them() {
    assert_eq!(against_the_order(&graph(&sources())), Vec::<String>::new());
}

/// The engine is told of no kind of row, and a goal of no run.
#[test]
fn a_circle_and_a_step_back_are_found() {
    let source = |path: &str, text: &str| Source::new(path, text);
    let circular = graph(&[
        source("runner/engine/goal.rs", "use super::hands::{self, Sender};"),
        source("runner/engine/hands.rs", "use crate::{domain::Step, runner::engine::work::Work};"),
        source("runner/engine/work.rs", "use super::{goal::Goal, reach};"),
    ]);
    assert_eq!(circle(&circular).map(|way| way.len()), Some(3));
    let back = graph(&[
        source("runner/engine/goal.rs", "use crate::runner::goals::line::TheLine;"),
        source("runner/goals/line.rs", "use crate::runner::engine::goal::Goal;"),
    ]);
    assert_eq!(against_the_order(&back), ["runner::engine::goal imports runner::goals::line"]);
}
