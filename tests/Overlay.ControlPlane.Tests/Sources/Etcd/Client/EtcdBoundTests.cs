using System.Text;
using Overlay.ControlPlane.Sources.Etcd.Client;

namespace Overlay.ControlPlane.Tests;

/// <summary>The bounds of what a real etcd sends, at each bound and beyond.</summary>
public class EtcdBoundTests(EtcdFixture fixture) : IClassFixture<EtcdFixture>
{
    // etcd takes no value of more than 1.5 MB. Eleven stay below 16 MiB, and twelve do not.
    private const int LargeValue = 1_400_000;

    [Fact]
    public async Task A_list_has_a_bound_of_keys_and_a_watch_one_of_changes()
    {
        using EtcdNetwork network = fixture.NewNetwork();
        long before = network.Entry("config")!.ModRevision;
        for (int i = 1; i <= 3; i++) network.Put($"keys/{i}", "x");
        byte[] first = Encoding.UTF8.GetBytes(network.PathOf("keys/"));
        byte[] end = Encoding.UTF8.GetBytes(network.PathOf("keys0"));
        EtcdOptions options = network.Options with { PageSize = 2, MostKeys = 3, MostChanges = 3 };
        using (EtcdClient client = new(options))
        {
            (await client.ListAsync(first, end, default)).Keys.Count.ShouldBe(3);
            (await ChangesAsync(client)).ShouldBe(3);
        }

        using EtcdClient narrow = new(options with { MostKeys = 2, MostChanges = 2 });
        (await Should.ThrowAsync<EtcdException>(() => narrow.ListAsync(first, end, default))).Message
            .ShouldBe($"etcd has more than 2 keys below {options.Prefix}: a node has one");
        (await Should.ThrowAsync<EtcdException>(() => ChangesAsync(narrow))).Message
            .ShouldBe("etcd sends more than 2 changes at once");
        (new EtcdOptions { Endpoints = [] }.MostKeys, new EtcdOptions { Endpoints = [] }.MostChanges)
            .ShouldBe((65_536, 262_144));

        // Changes from before a watch come in one message.
        async Task<int> ChangesAsync(EtcdClient client)
        {
            using EtcdWatch watch = await client.WatchAsync(first, end, before + 1, default);
            int changes = 0;
            while (changes < 3) changes += (await watch.ReadAsync(default))!.Events.Count;
            return changes;
        }
    }

    [Fact]
    public async Task A_message_has_a_bound()
    {
        using EtcdNetwork network = fixture.NewNetwork();
        string value = new('x', LargeValue);
        for (int i = 0; i < 11; i++) network.Put($"large/{i:00}", value);
        byte[] first = Encoding.UTF8.GetBytes(network.PathOf("large/"));
        byte[] end = Encoding.UTF8.GetBytes(network.PathOf("large0"));
        using EtcdClient client = new(network.Options);
        (await client.ListAsync(first, end, default)).Keys.Count.ShouldBe(11);
        network.Put("large/11", value);
        (await Should.ThrowAsync<EtcdException>(() => client.ListAsync(first, end, default))).Message
            .ShouldContain("exceeds the maximum configured message size");
    }
}
