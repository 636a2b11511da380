namespace Gatehouse.Model.Expressions;

/// <summary>Arithmetic on numbers; what does not fit is a fault, never a wrong number.</summary>
internal static class Arithmetic
{
    /// <summary><c>left + right</c> of numbers.</summary>
    public static object Add(At at, object? left, object? right) => Apply(at, "+", left, right);

    /// <summary>Applies a sign to two numbers.</summary>
    public static object Apply(At at, string sign, object? left, object? right)
    {
        if (Meaning.Number(left) is not { } x || Meaning.Number(right) is not { } y)
        {
            throw at.Fault($"'{sign}' does not go with {Meaning.KindOf(left)} and {Meaning.KindOf(right)}.");
        }

        if (sign is "/" or "//" or "%" && y == 0)
        {
            throw at.Fault("Division by zero.");
        }

        try
        {
            return left is double || right is double || sign == "/" ? (object)Finite(at, Real(at, sign, x, y)) : Whole(at, sign, ToLong(left), ToLong(right));
        }
        catch (OverflowException)
        {
            throw at.Fault("This number is too large.");
        }
    }

    private static double Real(At at, string sign, double x, double y) => sign switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => x / y,
        "//" => Math.Floor(x / y),
        "%" => x - (Math.Floor(x / y) * y),
        _ => throw at.Fault($"'{sign}' does not go with numbers."),
    };

    private static long Whole(At at, string sign, long x, long y) => sign switch
    {
        "+" => checked(x + y),
        "-" => checked(x - y),
        "*" => checked(x * y),
        "//" => Floor(x, y),
        "%" => y == -1 ? 0 : ((x % y) + y) % y,
        _ => throw at.Fault($"'{sign}' does not go with numbers."),
    };

    // Python rounds down, C# towards zero.
    private static long Floor(long x, long y)
    {
        if (y == -1)
        {
            return checked(-x);
        }

        var quotient = x / y;
        return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
    }

    private static long ToLong(object? value) => value is bool flag ? (flag ? 1 : 0) : (long)value!; // a number, and no double

    private static double Finite(At at, double number) => double.IsFinite(number) ? number : throw at.Fault("This number is too large.");
}
