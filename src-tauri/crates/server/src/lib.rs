//! The site over HTTP: API, WebSockets, access, metrics, and the files of the user interface.
//!
//! [`Server::start`] listens and spawns one accept task per address (it owns the connections), the session keeper of
//! [`access`], the keeper of the certificate in [`tls`], and nothing else; each WebSocket runs on the task of its upgrade, tracked by [`net`]. [`Server::stop`] joins all.
//! Who may do what stands in one table, `routes::table`. Errors become problem details in one place, `error`.
//! Must not live here: anything that works without a client; that is the site.

mod access;
mod app;
mod byte_range;
mod catalogue;
mod docs_page;
mod download;
mod engine;
mod error;
mod extract;
mod live;
mod metrics;
mod net;
mod notify;
mod onboarding;
mod playback;
mod playlist;
mod private_file;
mod routes;
mod server;
mod site_report;
mod snapshot;
mod tls;
mod ui;
mod views;
mod wording;

pub use access::Need;
pub use routes::{Listed, list as routes, openapi};
pub use server::{Entrance, Listener, Server, ServerOptions};
pub use tls::{TlsReport, TlsSource, inspect as inspect_tls};
pub use wording::Language;

/// The English sentence and next step of a code, for programs that show problems on a terminal.
pub fn sentence_of(problem: &watchwall_model::Problem) -> (String, Option<String>) {
    let code = problem.code.as_str();
    let better = problem.suggestion.and_then(|word| catalogue::suggestion(word, &problem.params));
    (catalogue::sentence(code, &problem.params), better.or_else(|| catalogue::next_step(code, &problem.params)))
}

/// An examination as the API shows it, for programs that print it.
pub fn examination(report: &watchwall_site::cameras::doctor::DoctorReport) -> serde_json::Value {
    let view = views::doctor_report_view(report, &net::RequestId::next());
    app::as_value(&view).unwrap_or_default()
}

/// A line of an examination in words: what was looked at, and what was found.
pub fn examination_line(line: &watchwall_site::cameras::doctor::Line, language: Language) -> (String, String) {
    (site_report::subject(line, language), site_report::said(line, language))
}
