//! The table of `helm dependency list`: columns as wide as their widest cell, with tabs between them.
//!
//! Source: github.com/gosuri/uitable v0.0.4 `table.go`, `util/strutil/strutil.go`; github.com/mattn/go-runewidth.

/// The lines of a table without a line break behind the last. Cells wider than `max` are cut; 0 is no limit.
pub fn table(rows: &[[&str; 4]], max: u64) -> String {
    let limit = usize::try_from(max).unwrap_or(usize::MAX);
    let mut widths = [0; 4];
    for row in rows {
        for (column, cell) in widths.iter_mut().zip(row) {
            let cell = width(cell);
            *column = (*column).max(if limit == 0 { cell } else { cell.min(limit) });
        }
    }
    let line = |row: &[&str; 4]| {
        // A cell is fitted twice: once for itself, once as a line of its row.
        let cells = row.iter().zip(widths).map(|(cell, width)| fit(&fit(cell, width), width));
        cells.collect::<Vec<_>>().join("\t")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn fit(cell: &str, wanted: usize) -> String {
    let own = width(cell);
    if own <= wanted {
        return format!("{cell}{}", " ".repeat(wanted - own));
    }
    let mut cut = String::new();
    let mut used = 0;
    for rune in cell.chars() {
        cut.push(rune);
        used += rune_width(rune);
        if used + 3 >= wanted {
            break;
        }
    }
    cut + "..."
}

fn width(text: &str) -> usize {
    text.chars().map(rune_width).sum()
}

/// Columns that a rune takes on a terminal; of the wide ones the scripts that names are written in.
fn rune_width(rune: char) -> usize {
    match u32::from(rune) {
        0..0x20 | 0x7f..0xa0 | 0x300..=0x36f | 0x200b..=0x200f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
