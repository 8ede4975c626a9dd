/// The clocks of a time zone by the rules of the present: an offset and, where clocks change, when.
///
/// The tables of the operating system differ between machines and years, so the lab has its own, without history: the
/// zones that people schedule in. Names are those of the IANA database.
public struct TimeZoneRules: Sendable, Equatable {
    /// When clocks are an hour ahead.
    enum Summer: Sendable, Equatable {
        case never
        /// Last Sunday of March to last Sunday of October, both at 01:00 UTC.
        case european
        /// Second Sunday of March to first Sunday of November, at 02:00 local time.
        case american
        /// First Sunday of October to first Sunday of April, at 02:00 standard time.
        case australian
        /// Last Sunday of September to first Sunday of April, at 02:00 standard time.
        case newZealand
    }

    var standardMinutes: Int64
    var summer: Summer

    public static let utc = TimeZoneRules(standardMinutes: 0, summer: .never)

    private static let table: [(minutes: Int64, summer: Summer, names: String)] = [
        (
            0, .never,
            "UTC Etc/UTC Etc/GMT GMT Etc/Zulu Zulu Universal Africa/Abidjan Africa/Accra Atlantic/Reykjavik Iceland"
        ),
        (0, .european, "Europe/London Europe/Dublin Europe/Lisbon Atlantic/Canary WET GB Europe/Belfast"),
        (
            60, .european,
            "Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Vienna Europe/Zurich Europe/Amsterdam Europe/Brussels Europe/Copenhagen Europe/Oslo Europe/Stockholm Europe/Prague Europe/Warsaw Europe/Budapest Europe/Belgrade Europe/Zagreb Europe/Ljubljana Europe/Bratislava Europe/Luxembourg Europe/Monaco Europe/Malta Europe/Vaduz CET MET Arctic/Longyearbyen"
        ),
        (60, .never, "Africa/Lagos Africa/Algiers Africa/Tunis Etc/GMT-1"),
        (
            120, .european,
            "Europe/Athens Europe/Helsinki Europe/Kyiv Europe/Kiev Europe/Bucharest Europe/Sofia Europe/Riga Europe/Vilnius Europe/Tallinn Asia/Nicosia EET"
        ),
        (120, .never, "Africa/Johannesburg Africa/Maputo Africa/Tripoli Europe/Kaliningrad Etc/GMT-2"),
        (
            180, .never,
            "Europe/Moscow Europe/Istanbul Europe/Minsk Asia/Riyadh Asia/Baghdad Asia/Qatar Africa/Nairobi Etc/GMT-3"
        ),
        (210, .never, "Asia/Tehran"),
        (240, .never, "Asia/Dubai Asia/Baku Asia/Tbilisi Asia/Yerevan Etc/GMT-4"),
        (270, .never, "Asia/Kabul"),
        (300, .never, "Asia/Karachi Asia/Tashkent Asia/Yekaterinburg Asia/Almaty Etc/GMT-5"),
        (330, .never, "Asia/Kolkata Asia/Calcutta Asia/Colombo"),
        (345, .never, "Asia/Kathmandu Asia/Katmandu"),
        (360, .never, "Asia/Dhaka Asia/Omsk Etc/GMT-6"),
        (390, .never, "Asia/Yangon"),
        (420, .never, "Asia/Bangkok Asia/Jakarta Asia/Ho_Chi_Minh Asia/Novosibirsk Etc/GMT-7"),
        (
            480, .never,
            "Asia/Shanghai Asia/Hong_Kong Asia/Singapore Asia/Taipei Asia/Manila Asia/Kuala_Lumpur Australia/Perth PRC Etc/GMT-8"
        ),
        (540, .never, "Asia/Tokyo Asia/Seoul Japan Etc/GMT-9"),
        (570, .never, "Australia/Darwin"),
        (570, .australian, "Australia/Adelaide"),
        (600, .never, "Australia/Brisbane Pacific/Guam Asia/Vladivostok Etc/GMT-10"),
        (600, .australian, "Australia/Sydney Australia/Melbourne Australia/Hobart Australia/Canberra"),
        (720, .newZealand, "Pacific/Auckland NZ Antarctica/McMurdo"),
        (720, .never, "Pacific/Fiji Etc/GMT-12"),
        (-60, .never, "Atlantic/Cape_Verde Etc/GMT+1"),
        (
            -180, .never,
            "America/Sao_Paulo America/Argentina/Buenos_Aires America/Buenos_Aires America/Montevideo Etc/GMT+3"
        ),
        (-210, .american, "America/St_Johns"),
        (-240, .american, "America/Halifax Atlantic/Bermuda"),
        (-240, .never, "America/Puerto_Rico America/Caracas America/La_Paz Etc/GMT+4"),
        (-300, .american, "America/New_York America/Toronto America/Detroit US/Eastern EST5EDT"),
        (-300, .never, "America/Bogota America/Lima America/Panama America/Jamaica EST Etc/GMT+5"),
        (-360, .american, "America/Chicago America/Winnipeg US/Central CST6CDT"),
        (-360, .never, "America/Mexico_City America/Costa_Rica America/Guatemala America/Regina Etc/GMT+6"),
        (-420, .american, "America/Denver America/Edmonton US/Mountain MST7MDT"),
        (-420, .never, "America/Phoenix MST Etc/GMT+7"),
        (-480, .american, "America/Los_Angeles America/Vancouver America/Tijuana US/Pacific PST8PDT"),
        (-480, .never, "Etc/GMT+8"),
        (-540, .american, "America/Anchorage US/Alaska"),
        (-600, .never, "Pacific/Honolulu US/Hawaii HST Etc/GMT+10"),
    ]

    init(standardMinutes: Int64, summer: Summer) {
        self.standardMinutes = standardMinutes
        self.summer = summer
    }

    /// The zone of that name; nil for one that the lab does not know. The empty name is UTC.
    public init?(named name: String) {
        if name.isEmpty {
            self = .utc
            return
        }
        for row in Self.table where row.names.split(separator: " ").contains(where: { $0 == name }) {
            self.init(standardMinutes: row.minutes, summer: row.summer)
            return
        }
        return nil
    }

    /// Seconds that local clocks are ahead of UTC at an instant, in whole seconds since 1970.
    public func offset(at seconds: Int64) -> Int64 { standardMinutes * 60 + (isSummer(at: seconds) ? 3_600 : 0) }

    /// The instant at which local clocks show a time; nil if they skip it. Of two instants the earlier.
    public func utc(local: Int64) -> Int64? {
        let candidates = [local - standardMinutes * 60 - 3_600, local - standardMinutes * 60]
        return candidates.first { $0 + offset(at: $0) == local }
    }

    private func isSummer(at seconds: Int64) -> Bool {
        guard summer != .never, seconds > -10_000_000_000_000, seconds < 10_000_000_000_000 else { return false }
        let standard = seconds + standardMinutes * 60
        let year = CivilDate(daysSince1970: standard.flooredQuotient(86_400)).year
        switch summer {
        case .never: return false
        case .european:
            let start = Self.lastSunday(of: 3, year) * 86_400 + 3_600
            let end = Self.lastSunday(of: 10, year) * 86_400 + 3_600
            return seconds >= start && seconds < end
        case .american:
            let start = Self.sunday(2, of: 3, year) * 86_400 + 2 * 3_600
            let end = Self.sunday(1, of: 11, year) * 86_400 + 3_600
            return standard >= start && standard < end
        case .australian:
            return standard >= Self.sunday(1, of: 10, year) * 86_400 + 2 * 3_600
                || standard < Self.sunday(1, of: 4, year) * 86_400 + 2 * 3_600
        case .newZealand:
            return standard >= Self.lastSunday(of: 9, year) * 86_400 + 2 * 3_600
                || standard < Self.sunday(1, of: 4, year) * 86_400 + 2 * 3_600
        }
    }

    /// Days since 1970 of the nth Sunday of a month.
    private static func sunday(_ number: Int64, of month: Int64, _ year: Int64) -> Int64 {
        let first = CivilDate.days(year: year, month: month, day: 1)
        let weekday = (first + 4) - (first + 4).flooredQuotient(7) * 7
        return first + (7 - weekday) % 7 + (number - 1) * 7
    }

    private static func lastSunday(of month: Int64, _ year: Int64) -> Int64 {
        let first = CivilDate.days(year: year, month: month, day: 1)
        let last = first + CivilDate(daysSince1970: first).daysLeftInMonth - 1
        let weekday = (last + 4) - (last + 4).flooredQuotient(7) * 7
        return last - weekday
    }
}

extension CivilDate {
    /// Days from 1970-01-01 to a date.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredQuotient(400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
