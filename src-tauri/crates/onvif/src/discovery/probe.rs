//! The question.

/// What kind of thing is looked for. The types of one question must all match, so each is a question of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Types {
    Transmitter,
    Device,
    Any,
}

/// A Probe. The addressing is that of 2004: with the one of 2005 many devices keep silent.
pub fn probe_text(types: Types, message_id: &str) -> String {
    let types = match types {
        Types::Transmitter => {
            "<d:Types xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">dn:NetworkVideoTransmitter</d:Types>"
        }
        Types::Device => "<d:Types xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\">tds:Device</d:Types>",
        Types::Any => "",
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><s:Header>\
         <a:Action s:mustUnderstand=\"1\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
         <a:MessageID>{message_id}</a:MessageID>\
         <a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
         <a:To s:mustUnderstand=\"1\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
         </s:Header><s:Body><d:Probe>{types}</d:Probe></s:Body></s:Envelope>"
    )
}
