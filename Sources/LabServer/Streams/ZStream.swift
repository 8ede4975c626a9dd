import CZlib

/// zlib as SPDY uses it: one context in each direction for the whole connection, flushed after every block.
final class Deflater {
    private var stream = z_stream()

    init(dictionary: [UInt8]) {
        _ = deflateInit_(&stream, Z_DEFAULT_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        _ = deflateSetDictionary(&stream, dictionary, uInt(dictionary.count))
    }

    deinit { deflateEnd(&stream) }

    func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var input = bytes
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = uInt(source.count)
            var room = [UInt8](repeating: 0, count: 4_096)
            repeat {
                let written = room.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = uInt(target.count)
                    _ = CZlib.deflate(&stream, Z_SYNC_FLUSH)
                    return target.count - Int(stream.avail_out)
                }
                output += room.prefix(written)
            } while stream.avail_out == 0
        }
        return output
    }
}

/// The other direction.
final class Inflater {
    private var stream = z_stream()
    private let dictionary: [UInt8]

    init(dictionary: [UInt8]) {
        self.dictionary = dictionary
        _ = inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit { inflateEnd(&stream) }

    /// - Parameter limit: bytes that may come out at most.
    /// - Returns: nil for bytes that are damaged, or too many.
    func inflate(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var output: [UInt8] = []
        var input = bytes
        return input.withUnsafeMutableBufferPointer { source -> [UInt8]? in
            stream.next_in = source.baseAddress
            stream.avail_in = uInt(source.count)
            var room = [UInt8](repeating: 0, count: 4_096)
            while true {
                var code: Int32 = Z_OK
                let written = room.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = uInt(target.count)
                    code = CZlib.inflate(&stream, Z_SYNC_FLUSH)
                    return target.count - Int(stream.avail_out)
                }
                output += room.prefix(written)
                guard output.count <= limit else { return nil }
                switch code {
                case Z_NEED_DICT:
                    guard inflateSetDictionary(&stream, dictionary, uInt(dictionary.count)) == Z_OK else { return nil }
                case Z_OK: if stream.avail_in == 0, stream.avail_out > 0 { return output }
                // No progress: everything that was there is used up.
                case Z_BUF_ERROR: return stream.avail_in == 0 ? output : nil
                case Z_STREAM_END: return stream.avail_in == 0 ? output : nil
                default: return nil
                }
            }
        }
    }
}
