using Gatehouse.Access.Gateway;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>Whether a code is worth sending: whether the policies could let the address in, if it were proved.</summary>
internal static class PinJudge
{
    /// <summary>What a proved mailbox says of a person.</summary>
    public static Dictionary<string, IReadOnlyList<string>> Claims(string email) => new(StringComparer.Ordinal) { ["email"] = [email] };

    /// <summary>Whether the app could admit it; at the launcher its own policies, or any app where it has none.</summary>
    public static bool CouldEnter(PinOrder order, string email, Places places) => (order.App ?? order.Table.Launcher) is { } app
        ? CouldEnter(app, order, email, places)
        : order.Table.AppsByAud.Values.Any(a => a.App.Type is AppType.SelfHosted or AppType.Saas && CouldEnter(a, order, email, places));

    // A service outside may say yes or no, and its yes may just as well stand in a deny policy or an exclude: some way for all of them to answer must
    // let the address in. All yes is the usual one, so it is tried first.
    private static bool CouldEnter(AppEntry app, PinOrder order, string email, Places places)
    {
        var asked = app.Evaluations;
        for (var answers = (1 << asked.Length) - 1; answers >= 0; answers--)
        {
            var given = answers;
            var who = Who(order, email, [.. asked.Select((e, n) => (given & (1 << n)) != 0 ? Passed.Of(e) : Passed.RefusedBy(e))]);
            if (SignInDecision.Judge(app, places.Visitor(app, order.Address, who) with { CommonName = order.State.CommonName }) is Ruling.Admitted)
            {
                return true;
            }
        }

        return false;
    }

    private static VisitorIdentity Who(PinOrder order, string email, IReadOnlyList<string> passed) =>
        new() { Email = email, LoginMethodId = order.State.LoginMethodId, Claims = Claims(email), Passed = passed };
}
