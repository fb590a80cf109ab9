use super::*;

fn tree(text: &str) -> Tree {
    Tree::parse(text).unwrap()
}

#[track_caller]
fn text(document: &str, path: &[&str], expect: &str) {
    assert_eq!(tree(document).root().at_path(path).expect("the element").text(), expect);
}

#[track_caller]
fn fails(document: &str, expect: &TreeError) {
    assert_eq!(&Tree::parse(document).unwrap_err(), expect, "{}", &document[..document.len().min(80)]);
}

#[test]
fn names_are_local_and_prefixes_need_no_declaration() {
    text("<a:b><c:d>x</c:d></a:b>", &["d"], "x");
    text("<b xmlns='u'><trt:Name>x</trt:Name></b>", &["Name"], "x");
}

#[test]
fn quirk_4_a_bare_ampersand_does_not_kill_the_answer() {
    text("<a><Uri>rtsp://h/x?a=1&b=2&amp;c=3</Uri><n>5</n></a>", &["Uri"], "rtsp://h/x?a=1&b=2&c=3");
    text("<a><Uri>rtsp://h/x?a=1&b=2</Uri><n>5</n></a>", &["n"], "5");
    let odd = tree("<a t='x&y'><b>1 < 2</b></a>");
    assert_eq!((odd.root().attribute("t"), odd.root().text_of("b")), (Some("x&y"), Some("1 < 2")));
}

#[test]
fn quirk_4_references_do_not_split_text() {
    text("<a><b>one &amp; two &#38; three &#x26; &lt;four&gt;</b></a>", &["b"], "one & two & three & <four>");
    text("<a><b><![CDATA[x & <y>]]> z</b></a>", &["b"], "x & <y> z");
    text("<a><b>x<!-- no -->y</b></a>", &["b"], "xy");
    text("<a><b>&unknown; stays</b></a>", &["b"], "&unknown; stays");
}

#[test]
fn quirk_4_marks_and_noise_around_the_document() {
    text("\u{feff}<?xml version=\"1.0\"?>\n<!-- hello --><a><b>1</b></a>\n", &["b"], "1");
    text("\r\n<a><b>1</b></a>\0\0", &["b"], "1");
    text("<a><b>1</b></a><a><b>2</b></a>", &["b"], "1");
}

#[test]
fn damage_is_mended_once() {
    text("<a x='1' x='2'><b>1</b></a>", &["b"], "1");
    text("<a><b>1</c></b></a>", &["b"], "1");
    fails("<a><b>1</b>", &TreeError::Truncated);
    fails("<a><b>1", &TreeError::Truncated);
    fails("<a", &TreeError::Truncated);
}

#[test]
fn what_is_no_document() {
    fails("", &TreeError::Empty);
    fails("  \n", &TreeError::Empty);
    fails("plain words", &TreeError::NotXml);
    fails("{\"json\": true}", &TreeError::NotXml);
    fails("<!-- nothing else -->", &TreeError::NotXml);
}

#[test]
fn entities_are_never_declared() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><x>&b;</x>";
    fails(bomb, &TreeError::DeclaresEntities);
    text("<!DOCTYPE x><x><b>1</b></x>", &["b"], "1");
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = "<a>".repeat(10_000) + &"</a>".repeat(10_000);
    fails(&deep, &TreeError::TooDeep { limit: 64 });
    let wide = format!("<a>{}</a>", "<b/>".repeat(600_000));
    fails(&wide, &TreeError::TooManyNodes { limit: 500_000 });
    let many = format!("<a {}/>", (0..600_000).map(|number| format!("b{number}='' ")).collect::<String>());
    fails(&many, &TreeError::TooManyNodes { limit: 1024 });
    assert!(Tree::parse_within("<a><b/><c/></a>", Limits { depth: 8, nodes: 2 }).is_err());
}

#[test]
fn damage_that_repeats_a_million_times_costs_no_more_than_its_length() {
    let start = std::time::Instant::now();
    for piece in ["<!--", "<![CDATA[", "&", "<", "&#", "</x>", "<x"] {
        // The first end tag is wrong, so the mending is asked for.
        let _ = Tree::parse(&format!("<a></b>{}", piece.repeat(8 * 1024 * 1024 / piece.len())));
    }
    // A second at most; looked for from each place anew it would be days.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn values_are_read_leniently() {
    let tree = tree("<a><n>25.000</n><m>4,5</m><t>TRUE</t><o>1</o><e/><u>-3</u><bad>x</bad></a>");
    let root = tree.root();
    assert_eq!((root.number_of::<u32>("n"), root.number_of::<f32>("m")), (Some(25), Some(4.5)));
    assert_eq!((root.flag_of("t"), root.flag_of("o"), root.flag_of("bad")), (Some(true), Some(true), None));
    assert_eq!((root.text_of("e"), root.number_of::<u32>("u"), root.number_of::<i32>("u")), (None, None, Some(-3)));
}

#[test]
fn namespaces_are_found_where_they_are_declared() {
    let tree = tree("<a xmlns:p='urn:1' xmlns='urn:0'><p:b><c xmlns:p='urn:2'><p:d q='p:x'/></c></p:b></a>");
    let b = tree.root().child("b").unwrap();
    assert_eq!(b.namespace(), Some("urn:1"));
    assert_eq!(b.find("d").unwrap().namespace(), Some("urn:2"));
    assert_eq!((tree.root().namespace(), b.namespace_of("z")), (Some("urn:0"), None));
}

#[test]
fn a_part_stands_for_itself() {
    let tree = tree("<a xmlns:p='urn:1' xmlns:q='urn:2'><p:b r='1 &amp; 2'><q:c>x&lt;</q:c></p:b></a>");
    let copy = tree.root().child("b").unwrap().to_xml();
    assert_eq!(copy, "<p:b r=\"1 &amp; 2\" xmlns:p=\"urn:1\" xmlns:q=\"urn:2\"><q:c>x&lt;</q:c></p:b>");
}

#[test]
fn all_below_in_order() {
    let tree = tree("<a><b><c/><d/></b><e/></a>");
    let names = |node: Node<'_>| node.descendants().map(|node| node.name().to_owned()).collect::<String>();
    assert_eq!(names(tree.root()), "bcde");
    assert_eq!(names(tree.root().child("b").unwrap()), "cd");
    assert_eq!(names(tree.root().child("e").unwrap()), "");
}
