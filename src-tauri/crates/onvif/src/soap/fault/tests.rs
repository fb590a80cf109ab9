use super::*;
use crate::tree::Tree;

fn fault(body: &str) -> Fault {
    let tree = Tree::parse(&format!("<s:Fault>{body}</s:Fault>")).unwrap();
    Fault::read(tree.root())
}

fn coded(subcodes: &[&str], reason: &str) -> Fault {
    let nested = subcodes
        .iter()
        .rev()
        .fold(String::new(), |inner, code| format!("<s:Subcode><s:Value>ter:{code}</s:Value>{inner}</s:Subcode>"));
    fault(&format!(
        "<s:Code><s:Value>s:Sender</s:Value>{nested}</s:Code><s:Reason><s:Text xml:lang=\"en\">{reason}</s:Text></s:Reason>"
    ))
}

#[track_caller]
fn check(fault: &Fault, expect: FaultKind) {
    assert_eq!(fault.kind(), expect, "{fault}");
}

#[test]
fn kinds() {
    check(&coded(&["NotAuthorized"], "Sender not Authorized"), FaultKind::NotAuthorized);
    check(&coded(&["FailedAuthentication"], ""), FaultKind::NotAuthorized);
    check(&coded(&[], "Sender not authorized"), FaultKind::NotAuthorized);
    check(&coded(&[], "WS-Security header required but not provided"), FaultKind::NotAuthorized);
    check(&coded(&[], "WS-Security timestamp is in the future"), FaultKind::NotAuthorized);
    check(&coded(&["InvalidArgVal", "NoProfile"], "Profile token does not exist"), FaultKind::NoSuchEntity);
    check(&coded(&["InvalidArgVal", "SpaceNotSupported"], ""), FaultKind::SpaceNotSupported);
    check(&coded(&["InvalidArgVal", "InvalidParameter"], ""), FaultKind::InvalidValue);
    check(&coded(&["InvalidArgVal", "TimeoutNotSupported"], "A timeout is not supported"), FaultKind::InvalidValue);
    check(&coded(&["Action", "IncompleteConfiguration"], ""), FaultKind::IncompleteConfiguration);
    check(&coded(&["Action", "MovingPTZ"], ""), FaultKind::Moving);
    check(&coded(&["InvalidArgVal", "PresetExist"], ""), FaultKind::Exists);
    check(&coded(&["Action", "MaxOSDs"], ""), FaultKind::Full);
    check(&coded(&["OperationProhibited"], ""), FaultKind::Forbidden);
    check(&coded(&["Other"], "Something else"), FaultKind::Other);
}

#[test]
fn unsupported_in_all_its_spellings() {
    check(&coded(&["ActionNotSupported"], "Optional action not implemented"), FaultKind::Unsupported);
    check(&coded(&["UnknownAction"], ""), FaultKind::Unsupported);
    // Reolink gives no subcode.
    check(
        &coded(&[], "Method 'tds:X' not implemented: method name or namespace not recognized"),
        FaultKind::Unsupported,
    );
}

#[test]
fn the_password_is_counted_down_aloud() {
    let dahua = coded(&["NotAuthorized"], "Authority failure, You still have 3 attempt(s)");
    check(&dahua, FaultKind::Locked { attempts_left: Some(3) });
    check(&coded(&["NotAuthorized"], "The account is locked"), FaultKind::Locked { attempts_left: None });
}

#[test]
fn must_understand_means_no_ws_security() {
    let by_code = fault("<Code><Value>s:MustUnderstand</Value></Code><Reason><Text>x</Text></Reason>");
    check(&by_code, FaultKind::SecurityNotUnderstood);
    check(
        &coded(&[], "SOAP must understand: Security must be understood but cannot be handled"),
        FaultKind::SecurityNotUnderstood,
    );
}

#[test]
fn soap_1_1_and_codes_in_the_detail() {
    let old = fault("<faultcode>SOAP-ENV:Client</faultcode><faultstring>not authorized</faultstring>");
    assert_eq!(old.code, "Client");
    check(&old, FaultKind::NotAuthorized);
    let inside = fault(
        "<Code><Value>env:Sender</Value></Code><Reason><Text>No</Text></Reason><Detail><ter:Fault>\
         <ter:Code>InvalidArgVal</ter:Code><ter:Subcode>NoProfile</ter:Subcode></ter:Fault></Detail>",
    );
    assert_eq!(inside.subcodes, ["InvalidArgVal", "NoProfile"]);
    check(&inside, FaultKind::NoSuchEntity);
    check(&Fault::from_text("Method not implemented"), FaultKind::Unsupported);
}

#[test]
fn a_login_echoed_back_is_not_kept() {
    let echo = coded(&["Other"], "bad header: UsernameToken admin PasswordDigest abc");
    assert_eq!(echo.reason, "");
}
