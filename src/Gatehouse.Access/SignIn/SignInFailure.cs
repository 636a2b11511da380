using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Why a round trip to a login method ended without a person: what they are told, and what only the log is.</summary>
/// <param name="Code">Stable and public.</param>
/// <param name="Step">The hop that failed, in words.</param>
/// <param name="Title">What happened.</param>
/// <param name="Text">The probable cause and what to do.</param>
/// <param name="Reason">For the log only.</param>
internal sealed record SignInFailure(string Code, string Step, string Title, string Text, string Reason, int Status = StatusCodes.Status502BadGateway)
{
    /// <summary>A sign-in of now was asked for, and the login method did not say that it was one.</summary>
    public static SignInFailure Stale(AccessTable table, Guid loginMethod, DateTimeOffset? authenticated)
    {
        var name = table.LoginMethods.FirstOrDefault(m => m.Method.Id == loginMethod)?.Method.Name ?? "The login method";
        return new SignInFailure(
            "sign_in_stale",
            $"Signing in at {name}",
            "This application asks for a fresh sign-in",
            authenticated is null
                ? $"{name} did not say when you proved who you are (auth_time), and this application asks for a new sign-in."
                : $"{name} let you pass with an earlier sign-in, and this application asks for a new one. Start again.",
            authenticated is { } at ? $"auth_time {at:O} is before the sign-in began" : "no auth_time",
            StatusCodes.Status403Forbidden);
    }
}

/// <summary>A value, or why there is none. A class, so that tokens in it are never printed.</summary>
internal sealed class Outcome<T>
    where T : class
{
    private Outcome(T? value, SignInFailure? failure)
    {
        Value = value;
        Failure = failure;
    }

    /// <summary>Null when it failed.</summary>
    public T? Value { get; }

    /// <summary>Null when it went well.</summary>
    public SignInFailure? Failure { get; }

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(SignInFailure failure) => new(null, failure);
}
