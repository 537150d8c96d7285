using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Tests;

public class NodePropertyTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(3000);
    private static readonly NodeParser _parser = new(SampleNodes.Keys);

    // Pieces of a Node: glued together they get much further into the parser than noise does.
    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "7", "1e999", "\"\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"metadata\":{", "\"name\":\"b\"", "\"annotations\":{",
        "\"flannel.alpha.coreos.com/kube-subnet-manager\":\"true\"",
        "\"flannel.alpha.coreos.com/backend-type\":\"vxlan\"",
        "\"flannel.alpha.coreos.com/backend-data\":\"{\\\"VNI\\\":1,\\\"VtepMAC\\\":\\\"\\\"}\"",
        "\"flannel.alpha.coreos.com/public-ip\":", "\"192.168.77.2\"",
        "\"flannel.\\u0061lpha.coreos.com/public-ip\":\"\\ud800\"", "\"spec\":{", "\"podCIDRs\":[", "\"10.244.2.0/24\"",
        "\"status\":{\"conditions\":[{\"type\":\"NetworkUnavailable\",\"status\":", "\"type\":\"ADDED\",\"object\":{",
        "\"code\":410", "\"message\":", " ", "\n", "\ufeff", "\u001b",
    ];

    [Fact]
    public void No_bytes_make_it_throw() => Check.One(_config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Answers));

    [Fact]
    public void No_mixture_of_pieces_makes_it_throw() => Check.One(_config, Prop.ForAll(
        Gen.Elements(_pieces).ArrayOf().Select(
            static pieces => Encoding.UTF8.GetBytes("{" + string.Concat(pieces) + "}")).ToArbitrary(), Answers));

    [Fact]
    public void No_value_of_an_annotation_makes_it_throw() => Check.One(_config, Prop.ForAll(
        ArbMap.Default.ArbFor<string?[]>(),
        static (string?[] values) =>
        {
            ApiNode node = new() { Name = "b" };
            string[] keys = [SampleNodes.Keys.BackendData, SampleNodes.Keys.PublicIp, SampleNodes.Keys.PublicIpV6,
                SampleNodes.Keys.BackendV6Data];
            node.Annotations[SampleNodes.Keys.Managed] = "true";
            node.Annotations[SampleNodes.Keys.BackendType] = "vxlan";
            for (int i = 0; i < values.Length; i++)
            {
                if (i < keys.Length) node.Annotations[keys[i]] = values[i] ?? "";
                else node.PodCidrs.Add(values[i] ?? "");
            }

            return OneWayOrTheOther(node);
        }));

    [Fact]
    public void No_damage_to_a_recording_makes_it_throw()
    {
        byte[] node = Recording.Bytes("node.json");
        byte[] change = Encoding.UTF8.GetBytes(Recording.Lines("watch-list.jsonl")[3]);
        foreach (byte[] good in new[] { node, change })
        {
            for (int length = 0; length < good.Length; length++)
            {
                Answers(good[..length]).ShouldBeTrue();
                byte[] damaged = [.. good];
                damaged[length] ^= (byte)(1 << (length % 8));
                Answers(damaged).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void A_cut_object_is_none()
    {
        byte[] good = Encoding.UTF8.GetBytes(Recording.Lines("watch-list.jsonl")[0]);
        for (int length = 0; length < good.Length; length++)
        {
            _parser.ReadEvent(good.AsSpan(0, length)).ShouldBeNull($"cut at {length}");
            _parser.ReadObject(good.AsSpan(0, length)).ShouldBeNull($"cut at {length}");
        }
    }

    private static bool Answers(byte[] json)
    {
        _ = _parser.ReadMetadata(json);
        return OneWayOrTheOther(_parser.ReadObject(json)) && OneWayOrTheOther(_parser.ReadEvent(json)?.Object);
    }

    private static bool OneWayOrTheOther(ApiNode? node)
    {
        if (node is null) return true;
        bool isSound = NodeLease.TryRead(node, SampleNodes.Keys, out Lease? lease, out string? error);
        return isSound ? error is null : lease is null && error is not null;
    }
}
