//! What leaves the page: a `.tgz`, a `.zip`, the manifests on the clipboard.

use crate::hooks::Desk;
use crate::persist::{archive, download};
use crate::worker::client::Client;
use crate::worker::protocol::Severity;

impl Desk {
    /// Asks the worker for what `helm package` would write.
    pub(crate) fn export_tgz(&self) {
        self.with_client(Client::package);
    }

    pub(super) fn save_package(&self, result: Result<(String, Vec<u8>), String>) {
        match result {
            Ok((name, bytes)) => self.save(&name, "application/gzip", &bytes),
            Err(sentence) => self.say(Severity::Error, format!("No `.tgz` was written: {sentence}")),
        }
    }

    /// Writes all files, also those that `helm package` leaves out.
    pub(crate) fn export_zip(&self) {
        let state = self.state();
        let (name, version) = state
            .outcome
            .chart
            .as_ref()
            .map_or(("chart", ""), |chart| (chart.name.as_str(), chart.version.as_str()));
        let name = if name.is_empty() { "chart" } else { name };
        let file_name =
            if version.is_empty() { format!("{name}.zip") } else { format!("{name}-{version}.zip") };
        let written = archive::zip(name, self.0.files.borrow().iter());
        match written {
            Ok(bytes) => self.save(&file_name, "application/zip", &bytes),
            Err(error) => self.say(Severity::Error, format!("`{file_name}` was not written: {error}")),
        }
    }

    fn save(&self, name: &str, media_type: &str, bytes: &[u8]) {
        if let Err(error) = download::save(name, media_type, bytes) {
            self.say(Severity::Error, format!("`{name}` could not be saved: {error:?}"));
        }
    }

    /// Copies exactly what `helm template` prints.
    pub(crate) fn copy_manifests(&self) {
        let desk = self.clone();
        let text = String::from_utf8_lossy(&self.state().outcome.output.manifests).into_owned();
        wasm_bindgen_futures::spawn_local(async move {
            let sentence = match download::copy(&text).await {
                Ok(()) => (Severity::Info, "The manifests are on the clipboard".to_owned()),
                Err(_) => {
                    (Severity::Warning, "The browser did not let the page write to the clipboard".to_owned())
                }
            };
            desk.say(sentence.0, sentence.1);
        });
    }
}
