/// Pages that stand alone: one file without scripts and without anything from elsewhere.
public enum HTML {
    /// Text within a page: nothing of it is markup.
    public static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A page; its policy keeps a browser from running or fetching anything, whatever text has come into it.
    /// - Parameters:
    ///   - title: plain text.
    ///   - style: CSS.
    ///   - body: markup.
    public static func page(title: String, style: String, body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(text(title))</title>
        <style>\(style)</style></head><body>
        \(body)
        </body></html>

        """
    }
}
