extension EndpointSlice: Validatable {
    public func validate(_ errors: inout FieldErrors) {
        errors.choice(FieldPath("addressType"), addressType, ["FQDN", "IPv4", "IPv6"], required: true)
        validateEndpoints(&errors, FieldPath("endpoints"))
        validatePorts(&errors, FieldPath("ports"))
    }

    public func validateUpdate(from old: EndpointSlice, subresource: String, _ errors: inout FieldErrors) {
        validate(&errors)
        errors.immutable(addressType, old.addressType, FieldPath("addressType"), FieldErrors.quoted(addressType))
    }

    private func validateEndpoints(_ errors: inout FieldErrors, _ path: FieldPath) {
        if endpoints.count > 1000 { return errors.tooMany(path, endpoints.count, 1000) }
        for (index, endpoint) in endpoints.enumerated() {
            let addressesPath = path.index(index).child("addresses")
            if endpoint.addresses.isEmpty {
                errors.required(addressesPath, "must contain at least 1 address")
            } else if endpoint.addresses.count > 100 {
                errors.tooMany(addressesPath, endpoint.addresses.count, 100)
            }
            for (addressIndex, address) in endpoint.addresses.enumerated() {
                let path = addressesPath.index(addressIndex)
                switch addressType {
                case "IPv4", "IPv6":
                    if IPAddress(address)?.isIPv6 != (addressType == "IPv6") {
                        errors.invalid(path, address, "must be a valid \(addressType) address")
                    }
                    errors.specialAddress(address, path)
                case "FQDN": errors.invalid(path, address, NameRules.dns1123Subdomain(address))
                default: break
                }
            }
            if let hostname = endpoint.hostname {
                errors.invalid(path.index(index).child("hostname"), hostname, NameRules.dns1123Label(hostname))
            }
        }
    }

    private func validatePorts(_ errors: inout FieldErrors, _ path: FieldPath) {
        if ports.count > 100 { return errors.tooMany(path, ports.count, 100) }
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let path = path.index(index)
            let name = port.name ?? ""
            if !name.isEmpty { errors.invalid(path.child("name"), name, NameRules.dns1123Label(name)) }
            if !names.insert(name).inserted { errors.duplicate(path.child("name"), name) }
            if let text = port.protocol {
                errors.choice(path.child("protocol"), text, Service.protocols)
            } else {
                errors.required(path.child("protocol"))
            }
            if let appProtocol = port.appProtocol {
                errors.invalid(path.child("appProtocol"), appProtocol, NameRules.qualifiedName(appProtocol))
            }
        }
    }
}
