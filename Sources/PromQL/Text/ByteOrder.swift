/// Comparisons of strings by their UTF-8 bytes, as Go compares them. Swift's own `==` and `<` follow canonical
/// equivalence, which would merge two label values that Prometheus keeps apart.
public enum ByteOrder {
    @inline(__always)
    public static func same(_ a: String, _ b: String) -> Bool {
        // Equal bytes are canonically equivalent, so that the fast comparison decides nearly always.
        a == b && (a.utf8.count == b.utf8.count) && a.utf8.elementsEqual(b.utf8)
    }

    public static func less(_ a: String, _ b: String) -> Bool { compare(a, b) < 0 }

    /// Negative, zero or positive, as `memcmp`.
    public static func compare(_ a: String, _ b: String) -> Int {
        var left = a.utf8.makeIterator()
        var right = b.utf8.makeIterator()
        while true {
            switch (left.next(), right.next()) {
            case (nil, nil): return 0
            case (nil, _): return -1
            case (_, nil): return 1
            case (let x?, let y?): if x != y { return x < y ? -1 : 1 }
            }
        }
    }
}
