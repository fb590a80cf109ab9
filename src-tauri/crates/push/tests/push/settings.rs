//! What a person may get wrong, and what they are told.

use crate::{scene::read, servers::certificates};
use watchwall_model::ErrorCode;
use watchwall_push::ChannelKind::{self, Desktop, Dingtalk, Feishu, Mqtt, Smtp, Webhook, Wecom};

type Pairs<'a> = &'a [(&'a str, &'a str)];

#[track_caller]
fn check(kind: ChannelKind, settings: Pairs<'_>, secrets: Pairs<'_>, expect: Result<&str, (&str, &str)>) {
    let got = read(kind, settings, secrets).map(|target| target.place()).map_err(|problem| {
        assert_eq!(problem.code, ErrorCode::RequestInvalid);
        (problem.params["field"].clone(), problem.params["reason"].clone())
    });
    let expect = expect.map(str::to_owned).map_err(|(field, reason)| (field.to_owned(), reason.to_owned()));
    assert_eq!(got, expect, "{kind:?} {settings:?}");
}

#[test]
fn webhooks() {
    let url = ("url", "https://hooks.example/in");
    check(Webhook, &[url], &[], Ok("hooks.example/in"));
    check(Webhook, &[url, ("template", "  ")], &[("key", "")], Ok("hooks.example/in"));
    check(Webhook, &[], &[], Err(("url", "missing")));
    check(Webhook, &[("url", " ")], &[], Err(("url", "missing")));
    check(Webhook, &[("url", "hooks.example/in")], &[], Err(("url", "url_invalid")));
    check(Webhook, &[("url", "ftp://hooks.example/")], &[], Err(("url", "scheme_unsupported")));
    check(Webhook, &[("url", "https://me:pass@hooks.example/")], &[], Err(("url", "credentials_in_url")));
    check(Webhook, &[("url", "http://a\nb/")], &[], Err(("url", "control_characters")));
    let long = format!("https://hooks.example/{}", "x".repeat(2048));
    check(Webhook, &[("url", &long)], &[], Err(("url", "too_long")));
    check(Webhook, &[url, ("topic", "x")], &[], Err(("topic", "unknown")));
    check(Webhook, &[url], &[("password", "x")], Err(("password", "unknown")));
    check(Webhook, &[url], &[("key", &"x".repeat(4097))], Err(("key", "too_long")));
    check(Webhook, &[url, ("template", "{{title}}")], &[], Err(("template", "template_invalid")));
    check(Webhook, &[url, ("template", "{\n\t\"a\": \"{{title}}\"\n}")], &[], Ok("hooks.example/in"));
    check(Webhook, &[url, ("ca", "certificate")], &[], Err(("ca", "certificate_invalid")));
    let authority = certificates::server("x.example").authority;
    check(Webhook, &[url, ("ca", &authority)], &[], Ok("hooks.example/in"));
    let with_key = format!("{authority}{}", certificates::server("x.example").key);
    check(Webhook, &[url, ("ca", &with_key)], &[], Err(("ca", "certificate_invalid")));
    let broken = authority.replacen("MI", "XX", 1);
    check(Webhook, &[url, ("ca", &broken)], &[], Err(("ca", "certificate_invalid")));
}

#[test]
fn robots() {
    for kind in [Feishu, Wecom, Dingtalk] {
        check(kind, &[], &[("url", "https://bots.example/send")], Ok("bots.example/send"));
        check(kind, &[], &[], Err(("url", "missing")));
        check(kind, &[], &[("url", "bots")], Err(("url", "url_invalid")));
        check(kind, &[("url", "https://bots.example/")], &[], Err(("url", "unknown")));
    }
    check(Wecom, &[], &[("url", "https://bots.example/"), ("key", "x")], Err(("key", "unknown")));
}

#[test]
fn mail() {
    let good = [("host", "mail.example"), ("from", "wall@x.example"), ("to", "Guard <a@x.example>, b@x.example")];
    let with = |name: &'static str, value: &'static str| {
        good.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]).collect::<Vec<_>>()
    };
    check(Smtp, &good, &[], Ok("a@x.example, b@x.example"));
    check(Smtp, &with("security", "none"), &[], Ok("a@x.example, b@x.example"));
    check(Smtp, &with("security", "ssl"), &[], Err(("security", "unknown")));
    check(Smtp, &with("host", ""), &[], Err(("host", "missing")));
    check(Smtp, &with("host", "mail example"), &[], Err(("host", "address_invalid")));
    check(Smtp, &with("host", "mail.example:25"), &[], Err(("host", "address_invalid")));
    check(Smtp, &with("host", "2001:db8::1"), &[], Ok("a@x.example, b@x.example"));
    check(Smtp, &with("port", "0"), &[], Err(("port", "port_invalid")));
    check(Smtp, &with("port", "70000"), &[], Err(("port", "port_invalid")));
    check(Smtp, &with("from", "nobody"), &[], Err(("sender", "address_invalid")));
    check(Smtp, &with("to", "a@x.example, nobody"), &[], Err(("recipients", "address_invalid")));
    check(Smtp, &with("to", ","), &[], Err(("recipients", "missing")));
    check(Smtp, &with("to", ""), &[], Err(("recipients", "missing")));
    check(Smtp, &with("user", "me"), &[], Err(("password", "missing")));
    check(Smtp, &good, &[("password", "x")], Err(("user", "missing")));
    check(Smtp, &with("user", "me"), &[("password", "x")], Ok("a@x.example, b@x.example"));
}

#[test]
fn brokers() {
    let good = [("host", "10.0.0.1"), ("topic", "w/{level}/{camera}")];
    let with = |name: &'static str, value: &'static str| {
        good.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]).collect::<Vec<_>>()
    };
    check(Mqtt, &good, &[], Ok("10.0.0.1:1883 w/{level}/{camera}"));
    check(Mqtt, &with("tls", "true"), &[], Ok("10.0.0.1:8883 w/{level}/{camera}"));
    check(Mqtt, &with("port", "1999"), &[], Ok("10.0.0.1:1999 w/{level}/{camera}"));
    check(Mqtt, &with("version", "5"), &[], Ok("10.0.0.1:1883 w/{level}/{camera}"));
    check(Mqtt, &with("version", "4"), &[], Err(("version", "unknown")));
    check(Mqtt, &with("tls", "yes"), &[], Err(("tls", "unknown")));
    check(Mqtt, &with("topic", ""), &[], Err(("topic", "missing")));
    check(Mqtt, &with("topic", "w/#"), &[], Err(("topic", "topic_invalid")));
    check(Mqtt, &good, &[("password", "x")], Err(("user", "missing")));
    check(Mqtt, &with("user", "me"), &[], Ok("10.0.0.1:1883 w/{level}/{camera}"));
}

#[test]
fn the_desktop_has_no_settings() {
    check(Desktop, &[], &[], Ok(""));
    check(Desktop, &[("url", "x")], &[], Err(("url", "unknown")));
}

#[test]
fn problems_hold_no_secrets() {
    let problem = read(Feishu, &[], &[("url", "ftp://hunter2/")]).unwrap_err();
    assert!(!format!("{problem:?} {problem}").contains("hunter2"));
}
