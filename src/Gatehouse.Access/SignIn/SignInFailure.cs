using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>Why a round trip to a login method ended without a person: what they are told, and what only the log is.</summary>
/// <param name="Code">Stable and public.</param>
/// <param name="Step">The hop that failed, in words.</param>
/// <param name="Title">What happened.</param>
/// <param name="Text">The probable cause and what to do.</param>
/// <param name="Reason">For the log only.</param>
internal sealed record SignInFailure(string Code, string Step, string Title, string Text, string Reason, int Status = StatusCodes.Status502BadGateway);

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
