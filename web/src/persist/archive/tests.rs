//! Good and bad archives.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

/// Never waits, so that one poll runs the whole work; stops after so many bytes.
struct Hurry {
    stops_after: u64,
}

impl Pace for Hurry {
    async fn pause(&mut self, inflated: u64) -> Result<(), Stopped> {
        if inflated > self.stops_after { Err(Stopped) } else { Ok(()) }
    }
}

fn open_until(name: &str, bytes: &[u8], stops_after: u64) -> Result<BTreeMap<String, Bytes>, ArchiveError> {
    let mut pace = Hurry { stops_after };
    let work = pin!(unpack(name, bytes, &mut pace));
    match work.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("`Hurry` never waits"),
    }
}

fn open(name: &str, bytes: &[u8]) -> Result<BTreeMap<String, Bytes>, ArchiveError> {
    open_until(name, bytes, u64::MAX)
}

fn sentence(name: &str, bytes: &[u8]) -> String {
    open(name, bytes).unwrap_err().to_string()
}

/// Writes names as they are given, also those that a careful writer refuses.
fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_chart_is_found_at_the_root_and_in_one_top_folder_of_either_archive() {
    for make in [tgz, zipped] {
        let at_root = make(&[("Chart.yaml", b"name: a"), ("templates/a.yaml", b"a")]);
        let in_folder =
            make(&[("shop/Chart.yaml", b"name: a"), ("shop/templates/a.yaml", b"a"), ("note.txt", b"")]);
        for archive in [at_root, in_folder] {
            let files = open("x", &archive).unwrap();
            assert_eq!(files.keys().collect::<Vec<_>>(), ["Chart.yaml", "templates/a.yaml"]);
            assert_eq!(&*files["templates/a.yaml"], b"a");
        }
    }
}

#[test]
fn what_the_zip_writer_writes_is_opened_again() {
    let files: BTreeMap<String, Bytes> = BTreeMap::from([
        ("Chart.yaml".to_owned(), Rc::from(&b"name: a"[..])),
        ("files/data.bin".to_owned(), Rc::from(&[0_u8, 255, 7][..])),
    ]);
    let archive = zip("a", files.iter()).unwrap();
    assert_eq!(open("a.zip", &archive).unwrap(), files);
    assert_eq!(archive, zip("a", files.iter()).unwrap());
}

#[test]
fn a_damaged_archive_says_where_it_ends() {
    // Noise does not shrink, so that half of the archive ends in the middle of it.
    let mut noise = vec![0_u8; 300_000];
    let mut state = 1_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    let archive = tgz(&[("c/Chart.yaml", b"name: a"), ("c/noise", &noise)]);
    let text = sentence("c.tgz", &archive[..archive.len() / 2]);
    assert!(text.starts_with("`c.tgz` is damaged: ") && text.contains("`c/noise`"), "{text}");
    assert!(text.ends_with("after `c/Chart.yaml`"), "{text}");

    let zipped = zipped(&[("c/Chart.yaml", b"name: a")]);
    assert!(sentence("c.zip", &zipped[..zipped.len() - 10]).starts_with("`c.zip` is damaged: "));
    assert!(sentence("c.tgz", &[0x1f, 0x8b, 8, 0, 1, 2, 3]).starts_with("`c.tgz` is damaged: "));
}

#[test]
fn other_bytes_are_no_archive() {
    assert_eq!(
        sentence("a.zip", b"hello"),
        "`a.zip` is neither a gzip nor a zip archive, whatever its name says"
    );
    assert!(sentence("a.zip", b"").contains("neither"));
}

#[test]
fn paths_that_lead_out_refuse_the_whole_archive() {
    for make in [tgz, zipped] {
        let up = make(&[("c/Chart.yaml", b"name: a"), ("c/../../evil", b"x")]);
        assert_eq!(
            sentence("c.x", &up),
            "`c.x` was not opened: `c/../../evil` leads out of the chart by `..`"
        );
        let absolute = make(&[("/etc/passwd", b"x")]);
        assert!(
            sentence("c.x", &absolute).contains("`/etc/passwd` is an absolute path"),
            "{}",
            sentence("c.x", &absolute)
        );
    }
}

#[test]
fn a_bomb_is_stopped_while_it_inflates() {
    let zeros = vec![0_u8; 60 * 1024 * 1024];
    for make in [tgz, zipped] {
        let archive = make(&[("c/Chart.yaml", b"name: a"), ("c/one", &zeros), ("c/two", &zeros)]);
        assert!(archive.len() < 2 * 1024 * 1024);
        assert_eq!(open("c.x", &archive).unwrap_err(), ArchiveError::TooLarge { name: "c.x".into() });
    }
}

#[test]
fn no_chart_and_several_charts_are_told_apart() {
    assert!(sentence("a.zip", &zipped(&[("readme", b"")])).contains("has no `Chart.yaml`"));
    assert!(sentence("a.zip", &zipped(&[])).contains("has no `Chart.yaml`"));
    assert_eq!(
        sentence("a.zip", &zipped(&[("x/y/Chart.yaml", b"")])),
        "`a.zip` has its `Chart.yaml` too deep: `x/y/Chart.yaml`; open that folder instead"
    );
    assert_eq!(
        sentence("a.zip", &zipped(&[("x/Chart.yaml", b""), ("y/Chart.yaml", b"")])),
        "`a.zip` holds several charts: `x`, `y`; open one of them"
    );
}

#[test]
fn a_cancelled_archive_is_not_opened() {
    let archive = zipped(&[("Chart.yaml", b"name: a"), ("big", &[7; 500_000])]);
    assert_eq!(
        open_until("a.zip", &archive, 100_000).unwrap_err(),
        ArchiveError::Stopped { name: "a.zip".into() }
    );
}

#[test]
fn litter_is_left_out() {
    let archive =
        zipped(&[("c/Chart.yaml", b"name: a"), ("__MACOSX/c/._Chart.yaml", b""), ("c/.DS_Store", b"")]);
    assert_eq!(open("c.zip", &archive).unwrap().len(), 1);
}
