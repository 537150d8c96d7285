using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Tests;

public class NetConfPropertyTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(5000);

    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "false", "0", "1", "-1", "24", "31", "64", "127", "1e999",
        "16777216", "\"\"", "\"\\ud800\"", "\"Network\"", "\"IPv6Network\"", "\"SubnetLen\"", "\"SubnetMin\"",
        "\"Backend\"", "\"Type\"", "\"vxlan\"", "\"10.244.0.0/16\"", "\"10.244.0.0/28\"", "\"0.0.0.0/0\"", "\"::/0\"",
        "\"::/128\"", "\"255.255.255.255/32\"", "\"10.244.0.0/999\"", "\"10.244.1.0\"", "\"255.255.255.255\"", "\"::\"",
        "\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\"", "{\"Type\":\"vxlan\"}", "{\"\\ud800\":1}", " ", "\n", "\ufeff",
    ];

    [Fact]
    public void No_bytes_make_it_throw() =>
        Check.One(_config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), AnswersOneWayOrTheOther));

    [Fact]
    public void No_mixture_of_pieces_makes_it_throw() =>
        Check.One(_config, Prop.ForAll(
            Gen.Elements(_pieces)
                .ArrayOf().Select(static pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))).ToArbitrary(),
            AnswersOneWayOrTheOther));

    [Fact]
    public void No_value_of_any_key_makes_it_throw() =>
        Check.One(_config, Prop.ForAll(
            Gen.Elements(_pieces).ArrayOf(13).Select(static v => Encoding.UTF8.GetBytes(
                $$"""{"EnableIPv6":{{v[0]}},"Network":{{v[1]}},"SubnetLen":{{v[2]}},"SubnetMin":{{v[3]}},"SubnetMax":{{v[4]}},"IPv6Network":{{v[5]}},"IPv6SubnetLen":{{v[6]}},"IPv6SubnetMin":{{v[7]}},"IPv6SubnetMax":{{v[8]}},"Backend":{"Type":"vxlan","VNI":{{v[9]}},"Port":{{v[10]}},"MTU":{{v[11]}},"GBP":{{v[12]}} } }"""))
                .ToArbitrary(),
            AnswersOneWayOrTheOther));

    private static bool AnswersOneWayOrTheOther(byte[] json) =>
        (NetConf.TryParse(json, out NetworkSettings? settings, out string? error)
            ? settings is not null && error is null
            : settings is null && error is not null)
        && (NetConf.TryParseWithoutSubnets(json, out settings, out error)
            ? settings is not null && error is null
            : settings is null && error is not null);
}
