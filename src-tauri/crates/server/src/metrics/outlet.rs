//! Streams handed on by RTSP, on the metrics page.

use super::page::Page;
use crate::app::App;

pub fn write(app: &App, page: &mut Page) {
    let outlet = &app.site.outlet;
    let figures = outlet.figures();
    page.gauge(
        "outlet_listening",
        "Whether streams can be pulled from the site",
        usize::from(outlet.listening().is_some()),
    );
    page.gauge(
        "outlet_sessions",
        "Streams that are pulled from the site, and previews that are published to it",
        figures.sessions,
    );
    for (name, help, value) in [
        ("outlet_opened_total", "Sessions opened", figures.opened),
        ("outlet_refused_total", "Wrong or ended tokens shown", figures.refused),
        ("outlet_turned_away_total", "Clients beyond the most sessions", figures.turned_away),
        ("outlet_skipped_pictures_total", "Pictures that slow clients did not get", figures.skipped),
        ("outlet_too_slow_total", "Sessions ended because their client was too slow", figures.too_slow),
    ] {
        page.counter(name, help, value);
    }
}
