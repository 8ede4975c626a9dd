import Cluster
import Kubectl
import KubernetesAPI

/// A watch that a client holds open.
struct HostedWatch {
    /// How a watch begins.
    enum Start: Sendable, Equatable {
        /// With ADDED for all that is there, then what changes.
        case present
        /// The same, with a bookmark where the present ends (`sendInitialEvents`).
        case presentWithBookmark
        /// With what changed after a revision.
        case after(Int64)
    }

    let selection: WatchSelection
    let request: APIRequest
    /// The kind as the client names it.
    let resource: ResourceType
    let form: Representation
    let inclusion: TableDocument.Inclusion
    let wantsBookmarks: Bool
    let stream: BodyStream
    /// Whether a Table's columns were sent: only the first event carries them.
    private var hasSentColumns = false

    init(
        _ request: APIRequest, resource: ResourceType, selection: WatchSelection, form: Representation,
        inclusion: TableDocument.Inclusion,
        wantsBookmarks: Bool, stream: BodyStream
    ) {
        self.request = request
        self.resource = resource
        self.selection = selection
        self.form = form
        self.inclusion = inclusion
        self.wantsBookmarks = wantsBookmarks
        self.stream = stream
    }

    /// Sends a change, if it concerns the watch.
    mutating func send(_ entry: ChangeHistory.Entry, at now: Time) {
        guard let event = selection.event(of: entry.change) else { return }
        if form == .json, !EventsGroup.isMeant(resource) {
            stream.send(entry.line(event, as: resource))
        } else {
            send(event.rawValue, entry.change.object(for: event, as: resource), at: now)
        }
    }

    /// Sends an object with what happened to it.
    mutating func send(_ type: String, _ object: JSONValue, at now: Time) {
        let object = EventsGroup.isMeant(resource) ? EventsGroup.object(object) : object
        switch form {
        case .table:
            let table = TableDefinition.of(resource).table(of: [object], .init(now: now))
            let document = TableDocument.json(
                table, including: inclusion,
                metadata: ["resourceVersion": object["metadata"]?["resourceVersion"] ?? ""],
                hasColumns: !hasSentColumns)
            hasSentColumns = true
            stream.send(WatchLine.json(type, document))
        case .metadata: stream.send(WatchLine.json(type, TableDocument.partial(object)))
        default: stream.send(WatchLine.json(type, object))
        }
    }

    /// Tells how far the watch has come.
    mutating func sendBookmark(revision: Int64, endsInitialEvents: Bool = false) {
        var metadata: JSONValue = ["resourceVersion": .string("\(revision)"), "creationTimestamp": .null]
        if endsInitialEvents, case .object(var members) = metadata {
            members["annotations"] = ["k8s.io/initial-events-end": "true"]
            metadata = .object(members)
        }
        var object: JSONValue = [
            "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion), "metadata": metadata,
        ]
        if form == .table {
            object = [
                "kind": "Table", "apiVersion": "meta.k8s.io/v1",
                "metadata": ["resourceVersion": .string("\(revision)")],
                "columnDefinitions": .null,
                "rows": [
                    [
                        "cells": [],
                        "object": [
                            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                        ],
                    ]
                ],
            ]
        } else if form == .metadata {
            object = ["kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata]
        }
        stream.send(WatchLine.json("BOOKMARK", object))
    }
}
