//! Any bytes as a document: read, walked, written, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchwall_onvif::tree::Tree;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = Tree::from_bytes(bytes) else { return };
    for node in tree.root().descendants() {
        let _ = (node.name(), node.text(), node.token(), node.namespace(), node.number_of::<u32>("Width"));
    }
    let _ = Tree::parse(&tree.root().to_xml());
});
