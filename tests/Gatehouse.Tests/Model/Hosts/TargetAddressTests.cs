using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Tests.Model.Hosts;

/// <summary>Where URLs that somebody typed may lead us.</summary>
public class TargetAddressTests
{
    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("192.168.0.10", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("fd12::1", true)]
    [InlineData("127.255.255.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("224.0.0.1", false)]
    public void X01_addresses_are_judged_whatever_they_are_wrapped_in(string address, bool expected) =>
        Assert.Equal(expected, TargetAddress.IsOpen(IPAddress.Parse(address)));

    [Theory]
    [InlineData("169.254.169.254", false)]
    [InlineData("169.254.170.2", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("2002:a9fe:a9fe::", false)]
    [InlineData("::169.254.169.254", false)]
    [InlineData("fe80::a9fe:a9fe", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("::ffff:100.100.100.200", false)]
    [InlineData("192.0.0.192", false)]
    [InlineData("168.63.129.16", false)]
    [InlineData("fd20:ce::254", false)]
    [InlineData("fd00:c1::a9fe:a9fe", false)]
    [InlineData("fd00:42::42", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("fd12::1", true)]
    [InlineData("2001:db8::1", true)]
    public void T09_X01_nothing_may_dial_a_link_or_a_metadata_service(string address, bool expected) =>
        Assert.Equal(expected, TargetAddress.IsReachable(IPAddress.Parse(address)));
}
