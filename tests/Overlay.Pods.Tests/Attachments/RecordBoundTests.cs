using Overlay.Pods.Allocations;
using Overlay.Pods.Attachments;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

/// <summary>The bounds of the plugin's files, at each bound and one byte beyond.</summary>
public sealed class RecordBoundTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_record_that_is_too_long_is_none_and_is_named()
    {
        AttachmentRecords records = new(_directory.Path);
        records.Write(new AttachmentRecord
        {
            Network = "net",
            ContainerId = "c",
            InterfaceName = "eth0",
            NetworkNamespacePath = "",
            HostInterfaceName = "ov1",
            IpamType = AttachmentRecord.HostLocal,
            Time = DateTimeOffset.UnixEpoch,
        });
        string path = Directory.GetFiles(_directory.Path).ShouldHaveSingleItem();
        File.WriteAllText(path, File.ReadAllText(path).PadRight(64 * 1024));
        records.Find("net", "c", "eth0").ShouldNotBeNull();

        File.AppendAllText(path, " ");
        records.Find("net", "c", "eth0").ShouldBeNull();
        List<string> problems = [];
        records.List(problems).ShouldBeEmpty();
        problems.ShouldHaveSingleItem()
            .ShouldContain("65537 bytes, more than the 65536 that a record of an attachment may have");
    }

    [Fact]
    public void An_address_file_that_is_too_long_still_keeps_its_address_taken()
    {
        AddressStore store = new(_directory.Path, "net");
        _ = Directory.CreateDirectory(store.Directory);
        string id = new('c', 4096 - "\r\neth0".Length);
        File.WriteAllText(Path.Combine(store.Directory, "10.1.0.2"), $"{id}\r\neth0");
        store.Holders().ShouldHaveSingleItem().ShouldBe(new(IpAddress.Parse("10.1.0.2"), id, "eth0"));

        File.WriteAllText(Path.Combine(store.Directory, "10.1.0.2"), $"{id}\r\neth01");
        store.Holders().ShouldHaveSingleItem().InterfaceName.ShouldBe("eth0");
        File.WriteAllText(Path.Combine(store.Directory, "10.1.0.2"), new string('c', 1024 * 1024));
        store.Reserve(IpAddress.Parse("10.1.0.2"), "d", "eth0", 0).ShouldBeFalse();
    }
}
