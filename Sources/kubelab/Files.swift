import Foundation

/// Small questions and orders to the file system, whose failures are words.
enum Files {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Where the program may keep what it can find out again; nil if the environment names no such place.
    static var cacheFolder: String? {
        let environment = ProcessInfo.processInfo.environment
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/kubelab" }
        return environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 + "/.cache/kubelab" : nil }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The manifests of a path: the file itself, or a folder's `.yaml`, `.yml` and `.json` files by name.
    static func manifests(_ path: String) throws -> [String] {
        guard exists(path) else { throw Failure("\(path): no such file or folder") }
        guard isFolder(path) else { return [path] }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted().filter { name in
            [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } && !name.hasPrefix(".")
        }
        guard !names.isEmpty else { throw Failure("\(path): no .yaml, .yml or .json file in this folder") }
        return names.map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 }
    }

    /// The bytes of a file, up to a limit.
    static func bytes(_ path: String, limit: Int = 8 << 20) throws -> [UInt8] {
        guard !isFolder(path) else { throw Failure("\(path): is a folder") }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure(exists(path) ? "\(path): cannot be read" : "\(path): no such file")
        }
        guard let data = try? handle.read(upToCount: limit + 1) ?? Data() else {
            throw Failure("\(path): cannot be read")
        }
        guard data.count <= limit else { throw Failure("\(path): is larger than \(limit >> 20) MiB") }
        return Array(data)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw Failure("\(path) cannot be written: is the folder writable, and is there room on the disk?")
        }
    }

    static func makeFolder(_ path: String) throws {
        guard !path.isEmpty, !isFolder(path) else { return }
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw Failure("\(path): the folder cannot be made")
        }
    }

    static func remove(_ path: String) throws {
        do { try FileManager.default.removeItem(atPath: path) } catch { throw Failure("\(path): cannot be removed") }
    }
}
