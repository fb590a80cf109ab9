//! The envelope around a request, in the shape that the commonest device manager sends: devices are tested against it.

use super::{Operation, Service, Xml, escape, service::SCHEMA};
use std::fmt::Write;

const NOTIFICATION: &str = "http://docs.oasis-open.org/wsn/b-2";

/// WS-Addressing headers. Only event calls carry them: an Action header on PTZ Stop upsets a real camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressing {
    pub to: String,
    pub message_id: String,
    /// Reference parameters of the subscription, as XML, to be sent back with every request.
    pub reference_parameters: Vec<String>,
}

/// A request before it is signed: [`Envelope::text`] adds the login of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub action: String,
    addressing: Option<Addressing>,
    body: String,
}

impl Envelope {
    pub fn new<O: Operation>(operation: &O) -> Self {
        let mut xml = Xml::new();
        operation.write(&mut xml);
        let children = xml.as_str();
        let service = operation.service();
        // Renew and Unsubscribe belong to the notification standard.
        let is_notification = service == Service::Subscription && matches!(O::NAME, "Renew" | "Unsubscribe");
        let namespace = if is_notification { NOTIFICATION } else { service.namespace() };
        let mut body = format!("<{} xmlns=\"{}\"", O::NAME, escape(namespace));
        for (prefix, namespace) in [("tt", SCHEMA), ("wsnt", NOTIFICATION)] {
            if children.contains(&format!("<{prefix}:")) {
                let _ = write!(body, " xmlns:{prefix}=\"{namespace}\"");
            }
        }
        if children.is_empty() {
            body.push_str("/>");
        } else {
            let _ = write!(body, ">{children}</{}>", O::NAME);
        }
        Self { action: operation.action(), addressing: None, body }
    }

    #[must_use]
    pub fn addressed(mut self, addressing: Addressing) -> Self {
        self.addressing = Some(addressing);
        self
    }

    /// The request as sent; `security` is a WS-Security header or empty.
    pub fn text(&self, security: &str) -> String {
        let mut header = String::new();
        let mut declaration = "";
        if let Some(addressing) = &self.addressing {
            declaration = " xmlns:a=\"http://www.w3.org/2005/08/addressing\"";
            let _ = write!(
                header,
                "<a:Action s:mustUnderstand=\"1\">{}</a:Action><a:MessageID>{}</a:MessageID><a:To \
                 s:mustUnderstand=\"1\">{}</a:To>",
                escape(&self.action),
                escape(&addressing.message_id),
                escape(&addressing.to)
            );
            addressing.reference_parameters.iter().for_each(|xml| header.push_str(xml));
        }
        header.push_str(security);
        let header = if header.is_empty() { header } else { format!("<s:Header>{header}</s:Header>") };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"\
             {declaration}>{header}<s:Body>{}</s:Body></s:Envelope>",
            self.body
        )
    }

    /// `application/soap+xml; charset=utf-8; action="..."`.
    pub fn content_type(&self) -> String {
        format!("application/soap+xml; charset=utf-8; action=\"{}\"", self.action.replace('"', ""))
    }
}
