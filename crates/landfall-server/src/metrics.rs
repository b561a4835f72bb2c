//! Figures of the running process, for Prometheus. No label holds a name of a person, and none a
//! value that a stranger chooses.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is counted of HTTP requests: how often, and for how long altogether, by method, route and
/// status.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<BTreeMap<Labels, (u64, Duration)>>);

/// Method, route and status.
type Labels = (String, String, u16);

impl Requests {
    /// Counts a request. `route` is the route's pattern, never the path that was asked for.
    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts
            .entry((method.to_owned(), route.to_owned(), status))
            .or_default();
        count.0 += 1;
        count.1 += took;
    }

    /// Writes what was counted.
    pub(crate) fn write(&self, text: &mut Text) {
        let counts = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        text.head(
            "landfall_http_requests_total",
            "counter",
            "Requests answered.",
        );
        for ((method, route, status), (count, _)) in &counts {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            text.value("landfall_http_requests_total", &labels, count);
        }
        text.head(
            "landfall_http_seconds_total",
            "counter",
            "Time spent on answering.",
        );
        for ((method, route, status), (_, took)) in &counts {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            text.value("landfall_http_seconds_total", &labels, took.as_secs_f64());
        }
    }
}

/// Figures in Prometheus' text format.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Begins a figure: its name, `counter` or `gauge`, and what it says.
    pub(crate) fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One value of the figure; `labels` as `a="b",c="d"`, or empty.
    pub(crate) fn value(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            _ => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// A gauge with one value.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, "gauge", help);
        self.value(name, "", value);
    }

    /// A counter with one value.
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, "counter", help);
        self.value(name, "", value);
    }

    /// The whole text.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;

    use super::{Requests, Text};

    #[test]
    fn requests_are_counted_by_route() {
        let requests = Requests::default();
        for _ in 0..2 {
            requests.count(
                "GET",
                "/api/v1/users/{username}",
                200,
                Duration::from_millis(250),
            );
        }
        let mut text = Text::default();
        requests.write(&mut text);
        text.gauge("landfall_sse_streams", "Pages open.", 3);
        expect![[r#"
            # HELP landfall_http_requests_total Requests answered.
            # TYPE landfall_http_requests_total counter
            landfall_http_requests_total{method="GET",route="/api/v1/users/{username}",status="200"} 2
            # HELP landfall_http_seconds_total Time spent on answering.
            # TYPE landfall_http_seconds_total counter
            landfall_http_seconds_total{method="GET",route="/api/v1/users/{username}",status="200"} 0.5
            # HELP landfall_sse_streams Pages open.
            # TYPE landfall_sse_streams gauge
            landfall_sse_streams 3
        "#]]
        .assert_eq(&text.finish());
    }
}
