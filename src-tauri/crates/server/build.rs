//! Finds the built user interface, or makes a page that says how to build it.

use std::{env, fs, io, path::PathBuf};

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Watchwall</title>\
<h1>The user interface is not built</h1><p>Run <code>make ui</code> (or <code>npm ci &amp;&amp; npm run build</code> in \
<code>ui/</code>) and start again. The API works: <a href=\"/api/docs\">/api/docs</a>.</p></html>\n";

fn main() -> io::Result<()> {
    let missing = |name: &str| io::Error::other(format!("cargo did not set {name}"));
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|_| missing("CARGO_MANIFEST_DIR"))?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|_| missing("OUT_DIR"))?);
    let built = here.join("../../../ui/build");
    let folder = if built.join("index.html").exists() {
        built.canonicalize()?
    } else {
        let placeholder = out.join("placeholder");
        fs::create_dir_all(&placeholder)?;
        fs::write(placeholder.join("index.html"), PLACEHOLDER)?;
        placeholder
    };
    // A macro reads this while compiling; cargo's own instructions go through standard output.
    use io::Write;
    let mut instructions = io::stdout().lock();
    writeln!(instructions, "cargo::rustc-env=WATCHWALL_UI_BUILD={}", folder.display())?;
    writeln!(instructions, "cargo::rerun-if-changed={}", here.join("../../../ui/build/index.html").display())?;
    Ok(())
}
