/// The exact decimal value of a float, which rounding to few digits must look at (0.25 lies between, 0.35 below).
public enum ExactDecimal {
    /// The digits of a positive finite number, none of them zero at the end, and where the point stands before them
    /// (`0.d1d2… × 10^point`).
    public static func digits(of number: Double) -> (digits: [UInt8], point: Int) {
        // number = significand × 2^exponent with both whole.
        let significand = number.significandBitPattern | (number.isNormal ? 1 << 52 : 0)
        let exponent = (number.isNormal ? Int(number.exponentBitPattern) : 1) - 1075
        var digits = String(significand).utf8.map { $0 - 48 }
        var point = digits.count
        if exponent >= 0 {
            for _ in 0..<exponent {
                var carry: UInt8 = 0
                for index in digits.indices.reversed() {
                    let value = digits[index] * 2 + carry
                    digits[index] = value % 10
                    carry = value / 10
                }
                if carry > 0 {
                    digits.insert(carry, at: 0)
                    point += 1
                }
            }
        } else {
            for _ in 0..<(-exponent) {
                var rest: UInt8 = 0
                for index in digits.indices {
                    let value = rest * 10 + digits[index]
                    digits[index] = value / 2
                    rest = value % 2
                }
                if rest > 0 { digits.append(5) }
                if digits.first == 0, digits.count > 1 {
                    digits.removeFirst()
                    point -= 1
                }
            }
        }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        return (digits, point)
    }

    /// Leaves so many digits, rounded half to even; none or fewer leave zero, or one if that is nearer.
    public static func round(_ digits: inout [UInt8], _ point: inout Int, to count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            (digits, point) = ([0], 1)
            return
        }
        let isTie = digits[count] == 5 && count + 1 == digits.count
        let isOdd = count > 0 && digits[count - 1] % 2 == 1
        let up = isTie ? isOdd : digits[count] >= 5
        digits.removeSubrange(count...)
        if up {
            var index = count - 1
            while index >= 0, digits[index] == 9 {
                digits[index] = 0
                index -= 1
            }
            if index >= 0 {
                digits[index] += 1
            } else {
                digits.insert(1, at: 0)
                point += 1
            }
        }
        if digits.isEmpty { (digits, point) = ([0], 1) }
    }
}
