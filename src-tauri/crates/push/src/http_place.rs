//! Where a web address leads, without what makes it secret.

use url::Url;

/// Longer parts of a path than this are taken for tokens when they hold a digit, as those of chat services are.
const TOKEN_CHARS: usize = 20;

/// Host and path; tokens in the path and the whole query are left out.
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path: Vec<&str> =
        url.path_segments().into_iter().flatten().map(|part| if is_token(part) { "***" } else { part }).collect();
    format!("{host}{port}/{}", path.join("/"))
}

/// What must not be told of a web address that is a secret as a whole.
pub fn secrets(url: &Url) -> Vec<String> {
    let mut secrets = vec![url.as_str().to_owned()];
    secrets.extend(tokens(url));
    secrets
}

/// What must not be told of any web address: the values of its query, and tokens in its path.
pub fn tokens(url: &Url) -> Vec<String> {
    let in_path = url.path_segments().into_iter().flatten().filter(|part| is_token(part)).map(str::to_owned);
    let in_query = url.query_pairs().map(|(_, value)| value.into_owned()).filter(|value| value.len() >= 4);
    in_path.chain(in_query).chain(url.query().map(str::to_owned)).collect()
}

fn is_token(part: &str) -> bool {
    part.len() >= TOKEN_CHARS && part.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_hold_no_tokens() {
        let check = |url: &str, expect: &str| {
            let url = Url::parse(url).unwrap();
            let place = place(&url);
            assert_eq!(place, expect);
            assert!(tokens(&url).iter().all(|token| !place.contains(token.as_str())), "{url}");
        };
        check("https://hooks.example/alarms", "hooks.example/alarms");
        check("http://10.0.0.1:8080", "10.0.0.1:8080/");
        check("https://hooks.example/in?token=abcdef", "hooks.example/in");
        check(
            "https://open.feishu.cn/open-apis/bot/v2/hook/6f1d2a3b-0c4d-4e5f-8a9b-0c1d2e3f4a5b",
            "open.feishu.cn/open-apis/bot/v2/hook/***",
        );
        check(
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693axxx6",
            "qyapi.weixin.qq.com/cgi-bin/webhook/send",
        );
        check(
            "https://hooks.example/services/T0001/B0002/abcdefghijklmnop12345678",
            "hooks.example/services/T0001/B0002/***",
        );
        check("https://[2001:db8::1]:8443/x", "[2001:db8::1]:8443/x");
    }
}
