import Foundation
import Testing

@testable import Lab

/// Debian's Chromium, where it is installed.
enum Browser {
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}

/// The page in a real browser: Debian's Chromium, which Tools/fetch-clients.sh installs.
@Suite(.enabled(if: Program.path != nil && Browser.path != nil, "chromium is not installed"))
struct ReportBrowserTests {
    /// Loads the report in a frame of some width and says how wide its content is, and what could not be read.
    private static func measured(_ rig: StoreRig, width: Int) throws -> (text: String, errors: String) {
        let wrapper = """
            <!doctype html><html><body><iframe id="f" src="page.html" style="width:\(width)px;height:3000px;border:0"></iframe><script>
            addEventListener('load', () => {
              const page = document.getElementById('f').contentDocument, root = page.documentElement;
              const outside = [...page.querySelectorAll('h1,h2,p,nav,section,table,.scroll,pre')].filter(
                e => !e.parentElement.closest('.scroll') && e.getBoundingClientRect().right > \(width) + 1);
              const empty = [...page.querySelectorAll('svg')].filter(e => e.getBBox().width < 100 || e.getBBox().height < 30);
              const low = [...page.querySelectorAll('svg')].filter(
                e => { const b = e.getBBox(), v = e.viewBox.baseVal; return b.x < -2 || b.x + b.width > v.width + 2 || b.y + b.height > v.height + 2; });
              const focus = page.querySelectorAll('a[href],[tabindex="0"],summary').length;
              document.body.textContent = `wide=${root.scrollWidth - root.clientWidth} outside=${outside.map(e => e.tagName)} empty=${empty.length} clipped=${low.map(e => e.getAttribute('aria-label'))} focus=${focus} pictures=${page.querySelectorAll('svg').length};`;
            });
            </script></body></html>
            """
        try wrapper.write(toFile: rig.path("wrapper.html"), atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Browser.path ?? "")
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--allow-file-access-from-files",
            "--user-data-dir=" + rig.path("profile"), "--enable-logging=stderr", "--window-size=1200,3200",
            "--dump-dom",
            "file://" + rig.path("wrapper.html"),
        ]
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": rig.folder]
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: rig.path(name), contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: rig.path("out"))
        process.standardError = FileHandle(forWritingAtPath: rig.path("err"))
        try process.run()
        process.waitUntilExit()
        let errors = try String(contentsOfFile: rig.path("err"), encoding: .utf8)
        return (
            try String(contentsOfFile: rig.path("out"), encoding: .utf8),
            errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.joined(separator: "\n")
        )
    }

    @Test(arguments: [400, 1_100]) func fitsItsWindow(_ width: Int) throws {
        let rig = try StoreRig()
        _ = try LabReportTests.lived(rig, minutes: 8)
        let outcome = try Program.outcome(["report", "--out", "page.html"], in: rig.folder)
        #expect(outcome.code == 0)
        let (text, errors) = try Self.measured(rig, width: width)
        #expect(errors.isEmpty, "\(errors)")
        #expect(text.contains("wide=0 outside= empty=0 clipped= "), "\(text)")
        #expect(text.contains("pictures=7;"), "\(text)")
    }
}
