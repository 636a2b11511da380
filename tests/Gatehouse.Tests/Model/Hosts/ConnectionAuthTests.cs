using Gatehouse.Model.Hosts;

namespace Gatehouse.Tests.Model.Hosts;

public class ConnectionAuthTests
{
    [Theory]
    [InlineData("NTLM TlRMTVNTUAABAAAA", "")]
    [InlineData("negotiate", "")]
    [InlineData(" \tNegotiate YII=", "")]
    [InlineData("Kerberos YII=", "")]
    [InlineData("Negotiate, NTLM,Basic realm=\"x\", charset=\"UTF-8\"", "Basic realm=\"x\", charset=\"UTF-8\"")]
    [InlineData("Basic realm=\"x\", NTLM", "Basic realm=\"x\"")]
    [InlineData("Basic TlRMTQ==", "Basic TlRMTQ==")]
    [InlineData("Bearer realm=\"NTLM\"", "Bearer realm=\"NTLM\"")]
    [InlineData("", "")]
    public void Schemes_that_are_about_a_connection_are_taken_out(string value, string left)
    {
        Assert.Equal(left, ConnectionAuth.Without(value));
        Assert.Equal(left != value, ConnectionAuth.IsIn(value));
    }
}
