using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class EffectiveConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public EffectiveConfigurationTests() => File.WriteAllText(_file, """
        {
          "Overlay": {
            "NodeName": "a", "IpMasq": true, "Subnet": "10.244.1.0/24",
            "Network": { "Cidr": "10.244.0.0/16", "CidrV6": "FD00:10:244:0::/56" },
            "SubnetV6": "fd00:10:244:2::/64",
            "ServiceCidrs": [ "10.96.0.0/12", "fd00:10:96::/112" ],
            "ControlPlane": { "Etcd": { "Password": "open sesame", "Endpoints": [ "http://root:secret@192.0.2.1:2379" ] } }
          },
          "Serilog": { "MinimumLevel": "Warning", "WriteTo": [ { "Name": "Seq", "Args": { "apiKey": "k1" } } ] }
        }
        """);

    [Fact]
    public void Each_key_has_its_value_and_the_place_it_comes_from()
    {
        IReadOnlyList<ConfigurationValue> values = Values(static options => options, "--Network:Mtu", "1400");
        values.Select(static value => value.Key).ShouldBeUnique();
        values.Select(static value => value.Key).ShouldBeSubsetOf(
            ConfigurationKeys.All.Select(static key => key.Path)
                .Concat(["Serilog:MinimumLevel", "Serilog:WriteTo:0:Name", "Serilog:WriteTo:0:Args:apiKey"]));
        values.ShouldContain(new ConfigurationValue("Overlay:NodeName", "a", _file));
        values.ShouldContain(new ConfigurationValue("Overlay:IpMasq", "true", _file));
        values.ShouldContain(new ConfigurationValue("Overlay:ServiceCidrs", "10.96.0.0/12, fd00:10:96::/112", _file));
        values.ShouldContain(new ConfigurationValue("Overlay:Network:Mtu", "1400", "command line"));
        values.ShouldContain(new ConfigurationValue("Overlay:Network:Port", "8472", "default"));
        values.ShouldContain(new ConfigurationValue("Overlay:Subnet", "10.244.1.0/24", _file));
        values.ShouldContain(new ConfigurationValue("Serilog:MinimumLevel", "Warning", _file));
    }

    [Fact]
    public void A_variable_of_the_environment_is_named_as_such()
    {
        Environment.SetEnvironmentVariable("OVERLAY_ControlPlane__Etcd__Prefix", "/nets");
        try
        {
            Values(static options => options)
                .ShouldContain(new ConfigurationValue("Overlay:ControlPlane:Etcd:Prefix", "/nets", "environment"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("OVERLAY_ControlPlane__Etcd__Prefix", null);
        }
    }

    [Fact]
    public void Values_that_the_store_gave_stand_in_the_place_of_the_configured_ones()
    {
        IReadOnlyList<ConfigurationValue> values = Values(static options => options with
        {
            SubnetV6 = IpPrefix.Parse("fd00:10:244:1::/64"),
            Network = options.Network with { Vni = new Vni(7), Cidr = IpPrefix.Parse("10.244.0.0/16") },
        });
        values.ShouldContain(new ConfigurationValue("Overlay:Network:Vni", "7", "store"));
        values.ShouldContain(new ConfigurationValue("Overlay:SubnetV6", "fd00:10:244:1::/64", "store"));
        values.ShouldContain(new ConfigurationValue("Overlay:Network:Cidr", "10.244.0.0/16", _file));
        values.ShouldContain(new ConfigurationValue("Overlay:Network:CidrV6", "FD00:10:244:0::/56", _file));
    }

    [Theory]
    [InlineData("Password", "hunter2", "***")]
    [InlineData("Pasword", "hunter2", "***")]
    [InlineData("Endpoints:0", "http://u:hunter2@192.0.2.1:2379", "http://***@192.0.2.1:2379")]
    [InlineData("Endpoints:0", "http://u:hunter2@x/hunter2@192.0.2.1", "http://***@192.0.2.1")]
    [InlineData("Endpoints", "http://u:hunter2@192.0.2.1, http://192.0.2.2", "http://***@192.0.2.1, http://192.0.2.2")]
    [InlineData("Otlp", "https://192.0.2.1/v1/metrics?key=hunter2", "https://192.0.2.1/v1/metrics?***")]
    [InlineData("TokenFile", "/etc/token", "/etc/token")]
    [InlineData("NodeName", "a", "a")]
    public void A_value_is_masked_by_its_key_and_by_what_it_is(string key, string value, string shown) =>
        Secrets.Mask(key, value).ShouldBe(shown);

    [Fact]
    public void Secrets_are_masked()
    {
        IReadOnlyList<ConfigurationValue> values = Values(static options => options);
        values.ShouldContain(new ConfigurationValue("Overlay:ControlPlane:Etcd:Password", "***", _file));
        values.ShouldContain(
            new ConfigurationValue("Overlay:ControlPlane:Etcd:Endpoints", "http://***@192.0.2.1:2379", _file));
        values.ShouldContain(new ConfigurationValue("Serilog:WriteTo:0:Args:apiKey", "***", _file));
        values.ShouldAllBe(static value => !value.Value.Contains("sesame") && !value.Value.Contains("secret"));
    }

    public void Dispose() => File.Delete(_file);

    private IReadOnlyList<ConfigurationValue> Values(
        Func<OverlayOptions, OverlayOptions> change, params string[] arguments)
    {
        IConfiguration configuration = ConfigurationLoader.Load(["--config", _file, .. arguments]);
        return new EffectiveConfiguration(configuration).Values(change(OverlayOptionsReader.Read(configuration)));
    }
}
