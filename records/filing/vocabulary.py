"""The words by which a name tells whether it is a person's, an institution's or a title."""

from __future__ import annotations

import re


def _words(text: str) -> list[str]:
    return text.split()


def _any_of(words: list[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


# Frequent family names. Characters that begin many firms and few people (中 国 东 南 海 长 信) are left out.
SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章苏潘葛奚范彭郎鲁韦昌马苗凤花"
    "方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米"
    "贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支"
    "柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井"
    "段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从"
    "鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿"
    "阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡文寇广禄阙欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简"
    "饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓肖岳帅亢况郈有琴闫付覃代佘仝迟丛战原玉岩尧郄初啜揭修矫敬卿"
    "呼衣矣兰栗冼衷银税招区冮"
)
COMPOUND_SURNAMES = _words(
    """
    欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠
    公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 令狐 呼延 乐正 西门 南门 百里 第五 东郭 段干 轩辕 完颜
    纳兰
    """
)

# What the name of an institution ends in, before a person's name may follow.
INSTITUTION_ENDS = _words(
    """
    有限责任公司 股份有限公司 有限公司 股份公司 分公司 子公司 母公司 公司 （有限合伙） (有限合伙) （普通合伙）
    合伙企业 证券投资基金 私募基金 公募基金 社保基金 产业基金 母基金 基金管理 基金 证券研究所 证券资管 证券资产管理
    证券自营 证券 证劵 券商 投资管理 投资咨询 投资顾问 投资控股 投资集团 投资中心 创业投资 股权投资 投资 资产管理 资产
    资管 资本管理 资本 创投 风投 私募 养老保险 养老金 养老 保险资管 保险资产 保险 人寿 财险 寿险 再保险 银行理财
    银行 理财 信托 期货 控股 集团 咨询 研究所 研究院 研究中心 研究部 国际 财富管理 财富 金融 金控 金服 实业 科技
    产业 置业 创业 产投 顾问 家族办公室 家办 办公室 量化 股权 联合 营业部 总部 事业部 自营部 自营 分行 支行 总行
    交易所 证监局 协会 商会 学会 联盟 大学 学院 电视台 广播电台 电台 通讯社 新闻社 杂志社 报社 出版社 日报 晚报 时报
    早报 周报 商报 导报 快报 证券报 投资报 经济报道 周刊 杂志 财经 传媒 网 报 新华社 租赁 担保 信息 文化 贸易 发展
    电子 能源 医药 汽车 地产 物业 建设 工程 农业 食品 材料 化工 机械 重工 电气 智能 软件 网络 通信 半导体 （香港）
    (香港) （中国） (中国) （上海） （深圳） （北京） 香港 中国 亚洲 亚太
    """
)

INSTITUTION_END = re.compile(_any_of(INSTITUTION_ENDS))

# Firms known by a name that has no such ending, or that looks like a person's.
BRANDS = _words(
    """
    国泰君安资管 国泰君安 国泰海通 申银万国 申万宏源 申万菱信 申万 中信建投 中信保诚 中信里昂 中信 中金 高盛高华
    高盛 瑞银 瑞信 摩根士丹利华鑫 摩根士丹利 摩根大通 摩根 花旗 里昂 野村 大和 麦格理 汇丰晋信 汇丰前海 汇丰 德意志
    巴克莱 美银美林 美林 美银 大摩 小摩 法巴 法兴 富达 贝莱德 施罗德 路博迈 安联 安本 联博 富兰克林 邓普顿 淡马锡
    惠理 景顺长城 景顺 工银瑞信 农银汇理 交银施罗德 建信 民生加银 浦银安盛 中银国际 中银 招商 兴证全球 兴全 兴业
    兴证 光大保德信 光大 广发 国信 国金 国盛 国元 国联 国海 国都 国投 国寿安保 国寿 海富通 海通国际 海通 海通资管
    汇添富 易方达 银华 鹏华 鹏扬 博时 嘉实 南方 大成 华夏 华安 华泰柏瑞 华泰保兴 华泰联合 华泰资管 华泰 华创 华鑫
    华西 华福 华富 华商 华宝 华林 华金 长城 长江 长信 长盛 东方红 东方 东吴 东兴 东海 东证资管 东莞 富国 万家 万联
    天弘 天风 天治 泰康 泰信 泰达宏利 宏利 宝盈 融通 诺安 诺德 信达澳亚 信达澳银 信达 平安 安信 安邦 方正富邦 方正
    金鹰 金元顺安 金信 中欧 中邮 中庚 中泰 中航 中原 中融 中加 中海 中意 中再 睿远 睿郡 睿扬 高毅 高瓴 景林 淡水泉
    重阳 朱雀 石锋 宁泉 盘京 源乐晟 林园 仁桥 彤源 明河 聚鸣 和谐汇一 合众 上投摩根 永赢 圆信永丰 浙商 财通资管 财通
    西部利得 西部 西南 渤海 红塔 红土 山西 开源 民生 太平洋 太平养老 太平 新华 阳光 友邦 人保 太保 太保资产 生命资管
    大家资管 大家 百年 君康 英大 前海开源 前海 浦发 招银 农银 工银 交银 建银 和聚 尚雅 从容 星石 拾贝 凯石 于翼 明达
    明曜 常春藤 正心谷 千合 恒越 德邦 德晖 甬兴 甬证 首创 首域 瑞华 丰和 金科 方瀛 易同 康曼德 石上 相聚 个人投资者
    自然人投资者 自然人 个人 全景网 证券时报 第一财经 第一创业 新浪 腾讯 东方财富 同花顺 万得 路透 彭博 新华社
    人民网 财联社
    """
)
BRAND = re.compile(_any_of(BRANDS))

FOREIGN_FIRMS = re.compile(
    r"(?:Morgan Stanley|Goldman Sachs|J\.?P\.? ?Morgan|UBS|Citi(?:group|bank)?|CLSA|Nomura|Credit Suisse|HSBC|"
    r"Fidelity|BlackRock|Schroders?|Point ?72|Millennium|Jefferies|Macquarie|Daiwa|Mizuho|Temasek|GIC|Invesco|"
    r"Wellington|Bernstein|Templeton|Pinpoint|Polymer|Barclays|BNP Paribas|Deutsche Bank|BofA|Merrill Lynch|CICC|"
    r"Balyasny|Citadel)\b"
)
FOREIGN_WORD = re.compile(
    r"\b(?:Capital|Management|Funds?|Securities|Assets?|Bank|Partners?|Investments?|Investors?|Research|LLC|LLP|LP|Ltd|"
    r"Limited|Inc|Corp|Group|Advisors?|Advisers?|Hong Kong|HK|China|Asia|Asian|Global|Holdings?|International|"
    r"Insurance|Trust|Equity|Life|Financial|Associates|Ventures?|Company|Co|AMC|AM|Singapore|Japan|London|Pension|Wealth)\b",
    re.IGNORECASE,
)

_TITLE_END = _words(
    """
    先生 女士 小姐 老师 博士 教授 院士 研究员 分析师 经理 总监 总经理 董事长 董事 监事 总裁 合伙人 创始人 助理 专员
    主任 部长 处长 科长 局长 行长 会长 记者 编辑 主编 负责人 首席 交易员 秘书 董秘 主管 经济学家 策略师 代表 工程师
    会计师 经济师 主席 书记 代表人 证代 律师 首席执行官 首席财务官 实习生 院长 所长 总助 投资人 总
    VP MD PM CEO CFO CIO Analyst
    """
)
_TITLE_PART = _words(
    """
    高级 资深 首席 助理 行业 副 总 执行 管理 投资 基金 研究 研究部 研究所 投研 投资部 权益 固收 产品 客户 客户部
    销售 机构 业务 项目 投行 资管 自营 策略 宏观 金融 财务 证券 事务 信息 披露 独立 非独立 常务 区域 部门 公司 联席
    创始 联合 化工 医药 电子 计算机 机械 食品饮料 食品 消费 传媒 通信 电新 新能源 电力设备 汽车 军工 有色 金属 钢铁
    煤炭 建材 建筑 地产 房地产 银行 非银 农业 交运 交通运输 家电 轻工 纺织 商贸 零售 环保 公用 石化 中小盘 海外
    半导体 科技 TMT 制造 投资者关系 IR 保荐 党委 非执行 轮值 大 组 部 组长 团队 市场 战略 董事会 监事会 职工
    审计 运营 技术 营销 人力 法务
    """
)

# The repeats are bounded: a long run of these words must not be tried in every partition.
_ONE_TITLE = f"(?:{_any_of(_TITLE_PART)}){{0,6}}{_any_of(_TITLE_END)}"
TITLE = re.compile(f"{_ONE_TITLE}(?:[兼及与/、]?{_ONE_TITLE}){{0,4}}")
TITLE_END = re.compile("(?:研究员|分析师|经理|总监|总裁|主管|助理|主任|负责人|首席)$")
SHORT_TITLE = re.compile("先生|女士|小姐|老师|博士|经理|总")  # may follow a family name alone

# Two or three characters that begin like a name and are none.
NOT_A_NAME = frozenset(
    _words(
        """
    单位 机构 人员 其他 其它 个人 全体 方面 等人 时间 地点 日期 姓名 职务 名称 公司 参会 参与 来访 投资者 管理层
    相关人 多家 名单 序号 部分 有限 明细 如下 都是 和其他 以及 分别 任意 简称 金融 高级 万元 从业 经办 全称 安排
    关于 平台 通过 广大 成员
    """
    )
)
