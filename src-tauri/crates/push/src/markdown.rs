//! Plain text inside the markdown of WeCom and DingTalk.
//!
//! Neither documents an escape, and both read `<@all>` or `[text](address)` out of whatever a camera is called. The
//! characters that mean something are therefore replaced by their full-width forms, which look the same to people.

/// One or several lines that mean nothing but themselves.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_start = true;
    for c in text.chars().filter(|c| *c == '\n' || !c.is_control()) {
        out.push(match c {
            '<' => '＜',
            '[' => '［',
            ']' => '］',
            '*' => '＊',
            '`' => '｀',
            '@' => '＠',
            '#' if is_start => '＃',
            '>' if is_start => '＞',
            c => c,
        });
        is_start = c == '\n' || (is_start && c.is_whitespace());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markdown() {
        let check = |text: &str, expect: &str| assert_eq!(plain(text), expect);
        check("北门 offline, 3 > 2 #1", "北门 offline, 3 > 2 #1");
        check("# loud\n > quote", "＃ loud\n ＞ quote");
        check("<@all> **x** `y`", "＜＠all> ＊＊x＊＊ ｀y｀");
        check("[free](http://x)", "［free］(http://x)");
        check("a\r\nb\0", "a\nb");
    }
}
