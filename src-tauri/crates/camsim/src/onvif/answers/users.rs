//! The device's accounts, which are those of RTSP and of pictures too.

use crate::{
    login::{Account, AccountLevel, AccountRefusal},
    onvif::{
        call::{Answer, Call, Refusal, escape},
        element::Element,
    },
};
use watchwall_model::Secret;

pub(super) fn answer(call: &Call<'_>) -> Answer {
    call.at_least(AccountLevel::Administrator)?;
    let desk = &call.device.desk;
    let each = |change: &dyn Fn(Account) -> Result<(), AccountRefusal>| -> Answer {
        for user in call.body.children_of("User") {
            change(account(user)?).map_err(refusal)?;
        }
        call.done()
    };
    match call.operation {
        "GetUsers" => {
            let users = desk.accounts().into_iter().map(|account| {
                format!(
                    "<tds:User><tt:Username>{}</tt:Username><tt:UserLevel>{}</tt:UserLevel></tds:User>",
                    escape(&account.name),
                    account.level.as_str()
                )
            });
            call.answer(users.collect::<String>())
        }
        "CreateUsers" => each(&|account| desk.create(account)),
        "SetUser" => each(&|account| desk.change(account)),
        _ => {
            for user in call.body.children_of("Username") {
                desk.delete(&user.text).map_err(refusal)?;
            }
            call.done()
        }
    }
}

/// A password that is left out is cleared: the standard allows it, and clients must not be surprised.
fn account(user: &Element) -> Result<Account, Refusal> {
    let level = user.text_of("UserLevel").and_then(AccountLevel::parse);
    Ok(Account {
        name: user.text_of("Username").unwrap_or_default().to_owned(),
        password: Secret::new(user.text_of("Password").unwrap_or_default()),
        level: level.ok_or_else(|| Refusal::invalid("The user level is unknown"))?,
    })
}

fn refusal(refusal: AccountRefusal) -> Refusal {
    match refusal {
        AccountRefusal::Exists => Refusal::sender(&["OperationProhibited", "UsernameClash"], "The user exists"),
        AccountRefusal::Missing => Refusal::sender(&["InvalidArgVal", "UsernameMissing"], "There is no such user"),
        AccountRefusal::Fixed => Refusal::sender(&["InvalidArgVal", "FixedUser"], "The last administrator stays"),
    }
}
