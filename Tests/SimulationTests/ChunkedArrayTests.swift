import Testing

@testable import Simulation

@Suite struct ChunkedArrayTests {
    /// Every size over two ends of chunks: growing, reading, writing and shrinking as an array does.
    @Test func behavesAsAnArrayAtEverySize() throws {
        for size in 0...300 {
            let plain = (0..<size).map { $0 * 3 }
            var chunked = ChunkedArray(plain)
            #expect(chunked.count == size)
            #expect(Array(chunked) == plain)
            #expect(chunked.indices.map(\.rawValue) == (0..<UInt32(size)).map { $0 })
            #expect(chunked.element(at: .init(UInt32(size))) == nil)
            if size > 0 {
                let last = ChunkedArray<Int>.Index(UInt32(size - 1))
                chunked[last] += 1
                let popped = chunked.popLast()
                #expect(popped == plain[size - 1] + 1)
                #expect(Array(chunked) == Array(plain.dropLast()))
            } else {
                let popped = chunked.popLast()
                #expect(popped == nil)
            }
        }
    }

    @Test func aWriteAfterACopyCopiesOneChunk() {
        var array = ChunkedArray(0..<1_000)
        let copy = array
        array[.init(300)] = -1
        #expect(copy[.init(300)] == 300)
        #expect(array[.init(300)] == -1)
        for index in array.indices {
            #expect(array.sharesChunk(of: index, with: copy) == (index.rawValue / 128 != 300 / 128))
        }
        array.append(7)
        #expect(copy.count == 1_000)
        #expect(array.sharesChunk(of: .init(0), with: copy))
    }

    @Test func survivesASnapshot() throws {
        for size in [0, 1, 127, 128, 129, 256, 1_000] {
            let array = ChunkedArray(0..<size)
            var writer = BinaryWriter()
            writer.write(array)
            var reader = BinaryReader(writer.bytes)
            #expect(try reader.read(ChunkedArray<Int>.self) == array)
            var short = BinaryReader(Array(writer.bytes.dropLast()))
            #expect(throws: BinaryDecodingError.self) { try short.read(ChunkedArray<Int>.self) }
        }
    }
}
