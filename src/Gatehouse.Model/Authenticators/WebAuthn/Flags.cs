namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>What both ceremonies ask of authenticator data.</summary>
internal static class Flags
{
    /// <summary>Refuses data for another host, without the person, or that contradicts itself.</summary>
    public static void Check(AuthenticatorData data, RelyingParty party, bool mustVerifyUser)
    {
        var fault = data switch
        {
            _ when !party.IsUs(data.RpIdHash) => "made for another host",
            { IsUserPresent: false } => "nobody was present",
            { IsUserVerified: false } when mustVerifyUser => "the person was not verified",
            { IsBackedUp: true, IsBackupEligible: false } => "backed up, yet not eligible for it",
            _ => null,
        };
        if (fault is not null)
        {
            throw new MalformedException(fault);
        }
    }
}
